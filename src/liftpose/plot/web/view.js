// The page of `liftpose view`: asks its server for the chunks that are looked at, for pictures of
// the video, and for the time line, which the server finds while one looks.
(function () {
  "use strict";
  const KEPT = 12; // chunks as they came: what the player let go is here a little longer
  const REST = 120; // ms without another chunk asked for, after which its neighbours are fetched
  const POLL = 300; // ms between looks at how far the time line is
  const AHEAD = 4; // pictures that are fetched before they are shown
  const PICTURES = 32;

  const status = document.getElementById("status");

  function say(text, failed) {
    status.textContent = text;
    status.classList.toggle("failed", Boolean(failed));
  }

  async function ask(address) {
    let answer;
    try {
      answer = await fetch(address);
    } catch (error) {
      say("The server does not answer any more: `liftpose view` was ended.", true);
      throw error;
    }
    if (!answer.ok) throw new Error(await answer.text());
    return answer;
  }

  // What was asked for last, by number; what was asked for longest ago goes first.
  class Kept {
    constructor(most, make) {
      this.most = most;
      this.make = make;
      this.entries = new Map();
    }

    get(number) {
      let entry = this.entries.get(number);
      this.entries.delete(number);
      if (!entry) {
        entry = this.make(number);
        entry.catch(() => this.entries.delete(number));
      }
      this.entries.set(number, entry);
      while (this.entries.size > this.most) this.entries.delete(this.entries.keys().next().value);
      return entry;
    }
  }

  const fetched = (number) => ask(`chunk/${number}`).then((answer) => answer.arrayBuffer());

  // The first chunk is on its way while the header is read and the scene is made.
  let early = fetched(0);
  early.catch(() => {});
  function first() {
    const chunk = early;
    early = null;
    return chunk;
  }

  function chunks(header) {
    const last = Math.ceil(header.frames / header.chunk) - 1;
    const kept = new Kept(KEPT, (number) => (number === 0 && early ? first() : fetched(number)));
    let resting = 0;
    return {
      chunk(number) {
        clearTimeout(resting);
        resting = setTimeout(() => {
          for (const near of [number + 1, number - 1]) {
            if (near >= 0 && near <= last) kept.get(near).catch(() => {});
          }
        }, REST);
        return kept.get(number);
      },
    };
  }

  // Pictures of the video by frame; null where the video has none.
  function pictures(header) {
    const { first, frames } = header.video;
    // As they came: the player lets go of each bitmap that it has shown.
    const kept = new Kept(PICTURES, (frame) => ask(`picture/${frame}`).then((a) => a.blob()));
    const there = (frame) => frame >= first && frame < first + frames;
    return async (frame) => {
      if (!there(frame)) return null;
      const wanted = kept.get(frame);
      for (let k = 1; k <= AHEAD && there(frame + k); k++) kept.get(frame + k).catch(() => {});
      return createImageBitmap(await wanted);
    };
  }

  async function follow(player, header) {
    for (;;) {
      const found = await (await ask("lines.json")).json();
      player.lines(found.lines, found.marks);
      if (found.failure) return say(`The time line is not whole: ${found.failure}`, true);
      if (found.done >= found.frames) return say("");
      const share = Math.floor((100 * found.done) / found.frames);
      say(`Reading the time line: ${share} %`);
      await new Promise((later) => setTimeout(later, POLL));
    }
  }

  function describe(header) {
    const count = header.frames.toLocaleString("en");
    const parts = [`${count} frame${header.frames === 1 ? "" : "s"}`, `${header.joints.length} joints`];
    if (header.fps) parts.push(`${Number(header.fps.toPrecision(4))} frames/s`);
    if (header.unit) parts.push(`in ${header.unit}`);
    if (!header.bones.length) parts.push("no bones are known: name a skeleton with --skeleton");
    document.title = `${header.title} – LiftPose`;
    document.getElementById("title").textContent = header.title;
    document.getElementById("about").textContent = parts.join(" · ");
  }

  async function open() {
    const header = await (await ask("header.json")).json();
    describe(header);
    const options = header.video ? { image: pictures(header) } : {};
    const element = document.getElementById("stage");
    const player = LiftPose.player(element, header, chunks(header), options);
    window.player = player; // for a console, and for tests
    await player.ready;
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
    say("");
    await follow(player, header);
  }

  open().catch((error) => {
    say(error.message, true);
  });
})();
