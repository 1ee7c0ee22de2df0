"use strict";

startThemeButton();
startCopying();
startSelection();
startViewer();
startSheet();
startSlider();
startScrubber();
startCurves();
startTradeoff();
startBalance();
startPhases();
startEffects();
startOverCommits();
startTable();

addEventListener("beforeprint", seeEverything);
matchMedia("print").addEventListener("change", seeEverything);
followAddress();
