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
    constructor(most, make, drop) {
      this.most = most;
      this.make = make;
      this.drop = drop;
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
      while (this.entries.size > this.most) {
        const [oldest, gone] = this.entries.entries().next().value;
        this.entries.delete(oldest);
        if (this.drop) gone.then(this.drop, () => {});
      }
      return entry;
    }
  }

  function chunks(header) {
    const last = Math.ceil(header.frames / header.chunk) - 1;
    const kept = new Kept(KEPT, (number) => ask(`chunk/${number}`).then((a) => a.arrayBuffer()));
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
    async function fetched(frame) {
      const answer = await fetch(`picture/${frame}`);
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error(await answer.text());
      return createImageBitmap(await answer.blob());
    }
    const kept = new Kept(PICTURES, fetched);
    return (frame) => {
      const wanted = kept.get(frame);
      for (let k = 1; k <= AHEAD && frame + k < header.frames; k++) kept.get(frame + k).catch(() => {});
      return wanted;
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
    const options = header.video ? { picture: pictures(header) } : {};
    const element = document.getElementById("player");
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
