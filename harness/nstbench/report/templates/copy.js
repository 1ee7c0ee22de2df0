"use strict";
// Commands, each with a button that copies it.

function startCopying() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".copy");
    if (button) copy(button.previousElementSibling, button);
  });
}

function commandBox(text) {
  return make(
    "div", { className: "command" }, make("code", { tabIndex: 0, textContent: text }),
    make("button", { type: "button", className: "copy", textContent: "Copy" })
  );
}

/** Where a browser gives pages from disk no clipboard, the text is selected for the reader to copy. */
async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}
