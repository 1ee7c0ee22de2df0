"""Make a small contact sheet of a sweep: `sheet.py FOLDER PICTURE.jpg`."""

import sys

import nstbench

SIDE = 1600
"""Of the picture, at most: it is kept in the repository."""


def main():
    folder, path = sys.argv[1:]
    sheet = nstbench.open_results(folder).contact_sheet(across="iterations").convert("RGB")
    sheet.thumbnail((SIDE, SIDE))
    sheet.save(path, quality=80)


if __name__ == "__main__":
    main()
