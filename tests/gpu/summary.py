"""What the steps of run.sh found, on one screen: `summary.py LOGS OUT` writes summary.txt and figures.json.

Reads steps.tsv (name, exit code, seconds) and NAME.out, whatever of it is there; standard library only. Ends
in 3 if a step did not end well.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from statistics import median

LIMIT = 60
"""Lines: what is shown of a run on the GPU machine is its end."""
ANSWERS = {"doctor": (0, 6), "check-equal": (0, 4, 5), "check-slower": (0, 4, 5)}
"""Exit codes that answer what was asked: a backend is not installed, a regression, nothing can be said."""


def main():
    logs, out = map(Path, sys.argv[1:])
    rows = [line.split("\t") for line in read(logs / "steps.tsv").splitlines()]
    steps = {name: (code, int(seconds)) for name, code, seconds in rows}
    found = {name: parsed(read(logs / f"{name}.out")) for name in steps}
    lines = [*on_steps(steps), *(line for part in PARTS for line in safely(part, found))]
    if len(lines) > LIMIT:
        lines[LIMIT - 1 :] = [f"... {len(lines) - LIMIT + 1} more lines: figures.json has everything"]
    (out / "summary.txt").write_text("\n".join(lines) + "\n")
    (out / "figures.json").write_text(json.dumps({"steps": steps, "found": found}, indent=1) + "\n")
    return 0 if all(outcome(name, code) == "ok" for name, (code, _) in steps.items()) else 3


def read(path):
    return path.read_text(errors="replace") if path.is_file() else ""


def parsed(text):
    """Return the JSON that a step printed: one value, or a list of those on its lines; else the lines."""
    try:
        return json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
    return [value for line in lines if (value := whole(line))] if text.startswith("{") else lines


def whole(line):
    """Return the JSON of a line, or None: the last may be cut off."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def rows_of(found, name):
    """Return the values of a step that prints one a line: one alone was read as that value."""
    value = found.get(name) or []
    return [value] if isinstance(value, dict) else value


def safely(part, found):
    """A part that meets what it does not expect must not hide the others."""
    try:
        return list(part(found))
    except Exception as error:
        return [f"{part.__name__}: not summed up, {type(error).__name__}: {error}; see figures.json"]


def outcome(name, code):
    if not code.isdigit():
        return code
    number = int(code)
    if number in ANSWERS.get(name, (0,)):
        return "ok"
    return "cut off" if number in (124, 137) else f"FAILED ({number})"


def on_steps(steps):
    """Group the steps by how they ended."""
    ends = {}
    for name, (code, seconds) in steps.items():
        ends.setdefault(outcome(name, code), []).append(f"{name} {seconds} s")
    for end in sorted(ends, key=lambda end: end != "ok"):
        yield from wrapped(f"{end}: {', '.join(ends[end])}")


def wrapped(text, width=118):
    while len(text) > width:
        at = text.rfind(", ", 0, width) + 1 or width
        yield text[:at]
        text = "    " + text[at:].strip()
    yield text


def ceilings(found):
    if not (best := found.get("ceilings")):
        return
    if isinstance(best, list):  # it printed no JSON
        yield f"ceilings: {best[-1][:100]}"
        return
    facts = best["environment"]
    packages = {name: facts["packages"].get(name) for name in ("nstbench", "jax", "jaxlib")}
    versions = ", ".join(f"{name} {version}" for name, version in packages.items())
    yield f"{best['device']}; {', '.join(facts['gpus']) or facts['cpu']}; {facts['cores']} cores; {versions}"
    rates = ", ".join(f"{name} {rate / 1e12:.3g}" for name, rate in best["flop_per_s"].items())
    yield f"ceilings: copy {best['bytes_per_s'] / 1e9:.0f} GB/s read and written; products, TFLOP/s: {rates}"


def doctor(found):
    for line in found.get("doctor") or []:
        if line.startswith("look"):
            yield f"doctor: {line[:108]}"


def parity(found):
    for name, outcome in sorted(found.items()):
        kind, _, about = name.partition("-")
        if outcome and kind == "verify":
            yield from on_ladder(about, outcome[0]["rungs"])
        elif outcome and kind == "contract":
            yield from on_contract(about, outcome)
        elif outcome and kind == "repeated":
            bits = [f"{name} {'identical' if equal else 'DIFFERENT'} bits" for name, equal in outcome.items()]
            yield f"deterministic {about}, twice in fresh processes: {', '.join(bits)}"


def on_contract(backend, outcomes):
    failed = [each for each in outcomes if each["status"] == "failed"]
    good = sum(each["status"] == "ok" for each in outcomes)
    yield f"contract {backend}: {good} checks ok, {len(failed)} failed"
    for each in failed[:4]:
        yield f"    FAILED {json.dumps(each)[:106]}"


def on_ladder(about, rungs):
    good = sum(rung["status"] == "ok" for rung in rungs)
    known = [rung for rung in rungs if rung["error"] is not None]
    worst = max(known, key=lambda rung: rung["error"] / rung["limit"])
    nearest = f"{worst['name']} {worst['error']:.2g} of {worst['limit']:.2g}"
    yield f"verify {about}: {good} of {len(rungs)} rungs ok; nearest to its limit: {nearest}"
    for rung in rungs:
        if rung["status"] == "failed":
            yield f"    FAILED {rung['name']} {rung['error']} of {rung['limit']:.2g}; {rung['detail'][:50]}"


def loops(found):
    rows = [row for name in found if name.startswith("loop-") for row in rows_of(found, name)]
    measured = [row for row in rows if "step_s" in row]
    if measured:
        yield "loops, ms an iteration | of the first: cold compile, program, J an iteration, floor / time"
    for size, precision in dict.fromkeys((row["size"], row["precision"]) for row in measured):
        here = [row for row in measured if (row["size"], row["precision"]) == (size, precision)]
        times = "  ".join(
            f"{row['loop']} {1e3 * row['step_s']:.3g} ±{1e3 * row['mad_s']:.2g}" for row in here
        )
        yield f"  {size} {precision}: {times} | {', '.join(of_first(here[0], found))}"
    for row in rows:
        if row.get("left_out"):
            yield from wrapped(f"  {row['size']}, no time for: {', '.join(row['left_out'])}")


def of_first(row, found):
    yield f"{row['compile_s']:.1f} s"
    yield f"{row['program_bytes'] / 2**30:.2f} GiB"
    if row["joules_per_iteration"] is not None:
        yield f"{row['joules_per_iteration']:.3g} J"
    if isinstance(best := found.get("ceilings"), dict):
        yield of_floor(row, best)


def of_floor(row, best):
    """Compare with the longer of arithmetic at the pace of a large product, bytes at that of a large copy."""
    floors = {
        "arithmetic": row["flop"] / best["flop_per_s"][row["precision"]],
        "bytes": row["fewest_bytes"] / best["bytes_per_s"],
    }
    which = max(floors, key=floors.get)
    return f"{floors[which] / row['step_s']:.0%} ({which})"


def sweep(found):
    rows = found.get("sweep") or []
    if not rows:
        return
    counts = Counter(row["status"] for row in rows)
    paces = [row["step_median_s"] for row in rows if row["step_median_s"]]
    middle = f"; {1e3 * median(paces):.3g} ms an iteration in the middle" if paces else ""
    yield f"sweep: {', '.join(f'{count} {status}' for status, count in counts.items())}{middle}"
    broken = next((row for row in rows if row["status"] != "ok"), None)
    if broken:
        yield f"    {broken['label']}: {broken['status']}, {str(broken['error_message'])[:90]}"


def turns(found):
    for row in [row for name in found if name.startswith("turns-") for row in rows_of(found, name)]:
        if "left_out" in row:
            yield f"in turns: left out, {row['left_out']}"
        else:
            parts = [f"{name} {in_turns(each)}" for name, each in row["loops"].items()]
            yield from wrapped(f"in turns, {row['size']} {row['precision']}: {', '.join(parts)}")


def in_turns(loop):
    if "failed" in loop:
        return "FAILED"
    return f"{1e3 * loop['step_s']:.3g} ms (losses {loop['loss_gap']:.0e} apart)"


def check(found):
    for name in ("equal", "slower"):
        said = found.get(f"check-{name}")
        findings = [each for verdict in said["verdicts"] for each in verdict["findings"]] if said else []
        for each in findings:
            found_ratio = each["estimate"] or {}
            pairs = "".join(
                f", {key} {found_ratio[key]:.4g}" for key in ("ratio", "pairs") if key in found_ratio
            )
            yield f"check, {name}: {each['outcome']} {each['metric']}{pairs} {each['reason'][:60]}".rstrip()


def sizes(found):
    for row in rows_of(found, "size"):
        of_device = row["peak_device_bytes"] is not None
        taken, kind = (
            row["peak_device_bytes" if of_device else "peak_rss_bytes"],
            ("process", "device")[of_device],
        )
        used = f", {taken / 2**30:.2f} GiB of the {kind} used" if taken is not None else ""
        predicted = f"{row['predicted_bytes'] / 2**30:.2f} GiB predicted"
        pace = row["step_median_s"]
        end = f"{pace:.3g} s an iteration" if pace else str(row["error_message"])[:50]
        yield f"size {row['size']}: {row['status']}, {predicted}{used}, {end}"


def devices(found):
    for row in rows_of(found, "devices"):
        if "killed" in row:
            mib = row["killed"]
            freed = "NOT free again" if mib["freed_s"] is None else f"free again after {mib['freed_s']:.1f} s"
            used = ", ".join(str(mib[f"{when}_mib"]) for when in ("before", "amid", "after"))
            yield f"killed amid a trial, MiB before, amid, after: {used}, {freed}"
        else:
            ends = ", ".join(f"{each['status']} on {each['device_name']}" for each in row["rows"])
            yield f"--devices {row['devices']}: {ends or row['said'].strip()[-90:]}"


def compiling(found):
    """A line for each sweep: what it compiled, or found compiled."""
    for row in rows_of(found, "compiling"):
        trials = "as XLA comes" if row["level"] is None else f"autotune level {row['level']}"
        if row["step_median_s"] is None:
            yield f"compiling, {row['size']}, {trials}: {row['status']}, {str(row['error_message'])[:70]}"
            continue
        compiled, cached = row["compile_s"], row["compile_cached_s"]
        took = f"loaded in {cached:.2f} s" if compiled is None else f"compiled in {compiled:.1f} s"
        pace = f"{1e3 * row['step_median_s']:.3g} ms an iteration, {row['wall_s']:.1f} s in all"
        yield f"compiling, {row['size']}, {trials}, {row['sweep']} sweep: {took}, {pace}"


PARTS = (ceilings, doctor, parity, loops, sweep, turns, check, devices, compiling, sizes)

if __name__ == "__main__":
    sys.exit(main())
