"use strict";

startThemeButton();
startSelection();
startViewer();
startSheet();
startSlider();
startScrubber();
startCurves();
startTradeoff();
startPhases();
startEffects();
startOverCommits();
startTable();

addEventListener("beforeprint", seeEverything);
matchMedia("print").addEventListener("change", seeEverything);
followAddress();
