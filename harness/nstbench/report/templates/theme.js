"use strict";
// Runs in the head, so that a dark page never flashes white.

const darkness = matchMedia("(prefers-color-scheme: dark)");

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.dispatchEvent(new CustomEvent("theme"));
}

function startThemeButton() {
  const button = document.getElementById("theme");
  const isDark = () => document.documentElement.dataset.theme === "dark";
  const say = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => setTheme(!isDark()));
  darkness.addEventListener("change", () => setTheme(darkness.matches));
  document.addEventListener("theme", say);
  say();
}

setTheme(darkness.matches);
