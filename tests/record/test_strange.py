"""A results folder may be somebody else's: what it says of itself leads nowhere else."""

import pytest
from PIL import Image

from nstbench.api import AssetError, ResultsError
from nstbench.assets import load_image
from nstbench.record import open_results
from nstbench.record.checked import checked_facts
from nstbench.record.files import read_json, write_json
from nstbench.record.repair import repair
from nstbench.report.html import write_report
from nstbench.report.thumbnails import thumbnail


@pytest.fixture
def edited(trial, record, folder):
    """Make a folder whose only record, or whose plan, an edit has been made to."""

    def make(edit, file="result.json"):
        made = folder(record(one := trial()))
        path = made.path / (file if file == "plan.json" else f"trials/{one.trial_id}/{file}")
        data = read_json(path)
        edit(data)
        write_json(path, data)
        return made

    return make


def reason(made):
    """Say why the only trial of a folder is damaged."""
    (record,) = made.records()
    assert record.status == "damaged"
    return record.error_message


@pytest.mark.parametrize(
    "place", ["/etc/passwd.png", "../x.png", "trials/../../images/x.png", "trials/a/images/x.eps"]
)
def test_a_picture_lies_in_its_folder(edited, place):
    made = edited(lambda data: data["pictures"][0].update(path=place))
    assert "no place for its pictures" in reason(made)
    write_report(open_results(made.path))


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data.update(device_name="\ud800"),
        lambda data: data.update(status="\ud800"),
        lambda data: data.update(status="very well"),
        lambda data: data["trial"].update(label="\udfff"),
        lambda data: data["trial"]["settings"].update(init="\udfff"),
    ],
)
def test_a_record_has_texts_that_can_be_written_and_a_status_that_there_is(edited, edit):
    made = edited(edit)
    assert " is " in reason(made)
    open_results(made.path).write_tables()
    write_report(open_results(made.path))


@pytest.mark.parametrize("name", ["\ud800", None, ["tiny"]])
def test_a_plan_has_a_name_that_can_be_written(edited, name):
    made = edited(lambda data: data.update(experiment=name), "plan.json")
    with pytest.raises(ResultsError, match="experiment is "):
        made.records()
    repair(made.path, lambda line: None)
    assert made.records()[0].status == "ok"


def test_names_of_packages_can_be_written():
    with pytest.raises(ValueError, match="packages is"):
        checked_facts({"packages": {"\ud800": "1.0"}})


@pytest.mark.parametrize("name", ["../../x", "/x", ".hidden", "a/b", "x" * 300, "a\n"])
def test_an_id_is_a_name(edited, name):
    made = edited(lambda data: data["trial"].update(trial_id=name))
    assert "no name that nstbench gives" in reason(made)
    planned = edited(lambda data: data["trials"][0].update(trial_id=name), "plan.json")
    with pytest.raises(ResultsError, match="no name that nstbench gives"):
        planned.records()


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data.update(environment_id="../../secret"),
        lambda data: data["trial"].update(content_sha256="../../../etc/x"),
        lambda data: data["trial"].update(style_sha256="a,../b"),
        lambda data: data["trial"].update(init_sha256="../x"),
    ],
)
def test_so_is_a_hash(edited, edit):
    assert "no name that nstbench gives" in reason(edited(edit))


def test_a_record_is_of_the_trial_whose_folder_it_lies_in(edited):
    assert "it is of the trial other" in reason(edited(lambda data: data["trial"].update(trial_id="other")))


def test_pictures_are_png_and_of_a_size_that_memory_holds(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "small.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "other.png", format="JPEG")
    Image.new("1", (9_000, 9_000)).save(tmp_path / "huge.png")
    assert thumbnail(tmp_path / "small.png")
    assert thumbnail(tmp_path / "other.png") is None
    assert (tmp_path / "huge.png").stat().st_size < 50_000
    assert thumbnail(tmp_path / "huge.png") is None


def test_a_picture_of_another_size_than_its_trial_is_not_decoded_to_be_judged(tmp_path):
    Image.new("1", (900, 900)).save(tmp_path / "large.png")
    with pytest.raises(AssetError, match=r"large.png: the image has 900 x 900 pixels; at most 1024 pixels"):
        load_image("large.png", None, tmp_path, most_pixels=32 * 32)
