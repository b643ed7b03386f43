// Libraries that a page carries as gzip in base64, in <script type="application/octet-stream">.
(function () {
  "use strict";
  const LiftPose = (window.LiftPose = window.LiftPose || {});
  const texts = new Map();

  LiftPose.bytes = function (base64) {
    const text = atob(base64.trim());
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };

  // Begins to unpack the script in the element of this id, so that it is there when it is to run.
  LiftPose.unpack = function (id) {
    if (!texts.has(id)) texts.set(id, unpacked(id));
    return texts.get(id);
  };

  async function unpacked(id) {
    const element = document.getElementById(id);
    if (!element) throw new Error(`the page has no script ${id}`);
    const packed = new Blob([LiftPose.bytes(element.textContent)]);
    return new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  // Runs the scripts in the elements of these ids, one after another; resolves when all have run.
  LiftPose.boot = async function (...ids) {
    for (const text of await Promise.all(ids.map(LiftPose.unpack))) {
      const script = document.createElement("script");
      script.textContent = text;
      document.head.append(script);
    }
  };
})();
