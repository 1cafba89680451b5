// On a phone what stands beside the answer is folded: the answer comes first, the rest opens at a touch.
(() => {
  "use strict";

  if (!window.matchMedia("(max-width: 61.99rem)").matches) return;
  for (const fold of document.querySelectorAll("[data-fold]")) fold.open = false;
})();
