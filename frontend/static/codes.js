// Recovery codes: kept as a file or on paper. They never leave this page otherwise.
(() => {
  "use strict";

  const codes = [...document.querySelectorAll("[data-codes] code")].map((code) => code.textContent);
  const [download, print] = [document.querySelector("[data-download]"), document.querySelector("[data-print]")];
  if (!codes.length) return;
  download.hidden = print.hidden = false;
  print.addEventListener("click", () => window.print());
  download.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${window.location.host}\n\n${codes.join("\n")}\n`], { type: "text/plain" }));
    link.download = download.dataset.download;
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
