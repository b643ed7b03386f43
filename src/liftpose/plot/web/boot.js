// Libraries that a page carries as gzip in base64, in <script type="application/octet-stream">.
(function () {
  "use strict";
  const LiftPose = (window.LiftPose = window.LiftPose || {});

  // Runs the scripts in the elements of these ids, one after another; resolves when all have run.
  LiftPose.boot = async function (...ids) {
    const texts = ids.map(async (id) => {
      const element = document.getElementById(id);
      if (!element) throw new Error(`the page has no script ${id}`);
      const packed = Uint8Array.from(atob(element.textContent.trim()), (c) => c.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream).text();
    });
    for (const text of await Promise.all(texts)) {
      const script = document.createElement("script");
      script.textContent = text;
      document.head.append(script);
    }
  };
})();
