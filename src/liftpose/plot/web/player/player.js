// The player of 3D poses: LiftPose.player(element, header, source, options).
(function () {
  "use strict";
  const { LiftPose } = window;
  const { inner } = LiftPose;
  const { SPEEDS, Frames, Space, Flat, Image2D, TimeLine, proportions } = inner;
  const { element, icon, digits, themeOf, whereabouts, legend, bar, help, listen, listenToCanvas } = inner;
  const HOME = [-60, 18]; // azimuth and elevation, degrees
  const VIEWS = { top: [-90, 89.9], side: [0, 4], front: [-90, 4], home: HOME };

  const MIDDLE = [0, 0, 0];

  // Middle of the box around what is seen; false where nothing is.
  function centre(pose, out) {
    for (let d = 0; d < 3; d++) {
      let [low, high] = [Infinity, -Infinity];
      for (let i = d; i < pose.length; i += 3) {
        if (pose[i] < low) low = pose[i];
        if (pose[i] > high) high = pose[i];
      }
      if (low > high) return false;
      out[d] = (low + high) / 2;
    }
    return true;
  }

  class Player {
    constructor(root, header, source, options) {
      this.root = root;
      this.header = header;
      this.options = options;
      this.data = new Frames(header, source);
      this.listeners = { frame: [] };
      this.has = (name) => header.layers.some((layer) => layer.name === name);
      this.playing = false;
      this.asleep = true;
      this.time = Math.max(0, Math.min(header.frames - 1, options.start || 0));
      this.shown = -1;
      this.speed = 1;
      this.on = { truth: this.has("truth"), ghost: false, trails: false, spread: false };
      Object.assign(this.on, { image: false, close: false, loop: true, help: false });
      this.calm = matchMedia("(prefers-reduced-motion: reduce)");
      this.spent = new Float64Array(60);
      this.ticks = 0;
      this.flat = this.has("image") || Boolean(options.image && header.image_size);
      this.on.image = this.flat;
      this.room();
      this.build();
      this.stage();
      listen(this);
      this.toggleAll(options.toggles || {});
      this.dress();
      this.measure();
      // Nothing is drawn before there is something to draw: without a graphics card that is slow.
      const first = this.data.want(this.time).then(() => this.take(Math.floor(this.time)));
      this.ready = first.catch(() => {}).then(() => {
        this.asleep = false;
        this.home();
        return this.seek(this.time);
      });
    }

    // Whether there is anything to toggle.
    offers(name) {
      if (name === "truth" || name === "spread") return this.has(name);
      if (name === "image") return this.flat;
      if (name === "close") return this.flat && this.image.zooms;
      return name === "help" || this.frames > 1 || name === "follow";
    }

    // Arrays that every frame is read into: nothing is allocated while it plays.
    room() {
      const joints = this.header.joints.length;
      this.now = { frame: 0, first: 0, end: 0, between: false };
      this.next = {};
      for (const { name, dims } of this.header.layers) {
        this.now[name] = new Float32Array(joints * dims).fill(NaN);
        this.next[name] = new Float32Array(joints * dims);
      }
      this.now.other = new Float32Array(joints * 3);
      this.gap = Math.max(1, Math.round((this.header.fps || 25) * 0.08));
    }

    build() {
      const { header, root } = this;
      root.classList.add("lp");
      root.setAttribute("role", "group");
      root.setAttribute("aria-label", header.title ? `Player: ${header.title}` : "Player of 3D poses");
      const what = `3D pose of ${header.joints.length} joints; drag to turn it, scroll to zoom`;
      this.canvas = element("canvas", { class: "lp-canvas", tabindex: "0", role: "img", "aria-label": what });
      this.scale = element("div", { class: "lp-scale" });
      this.tip = element("div", { class: "lp-tip", hidden: "" });
      this.note = element("div", { class: "lp-note", role: "status", hidden: "" });
      this.space3 = element("div", { class: "lp-space" }, this.canvas, legend(this), this.scale, this.tip, this.note);
      this.stageBox = element("div", { class: "lp-stage" }, this.space3);
      if (this.flat) {
        const flat = element("canvas", { role: "img", "aria-label": "2D keypoints in the image, in step" });
        this.image = new Image2D(flat, header);
        this.on.close = this.image.zooms && !this.options.image;
        this.imageBox = element("div", { class: "lp-image" }, flat, element("div", { class: "lp-corner" }, "image"));
        this.stageBox.append(this.imageBox);
      }
      this.timeBox = element("div", { class: "lp-times" });
      this.line = new TimeLine(this.timeBox, header);
      root.append(this.stageBox, this.timeBox, bar(this), help(this));
      if (header.frames < 2) this.timeBox.hidden = true;
    }

    stage() {
      const body = proportions(this.header);
      this.body = body;
      this.on.follow = body.follows;
      // A canvas that gives no such context still gives one to draw flat.
      const wanted = { alpha: false, antialias: true, preserveDrawingBuffer: true };
      const context = this.options.flat ? null : this.canvas.getContext("webgl2", wanted);
      this.space = context && new Space(this.canvas, context, this.header, body);
      if (!this.space) this.flatten();
      if (this.space.controls) {
        this.space.controls.enableDamping = !this.calm.matches;
        this.space.controls.addEventListener("change", () => this.wake());
        this.space.controls.addEventListener("start", () => (this.turning = null));
      }
      this.measured();
    }

    // Says what the ground shows, and that it is drawn flat where it is.
    measured() {
      const unit = this.header.unit ? ` ${this.header.unit}` : "";
      const flat = this.root.dataset.drawn ? " (drawn flat: no WebGL)" : "";
      this.scale.textContent = `grid ${digits(this.body.cell)}${unit}${flat}`;
    }

    flatten() {
      this.space = new Flat(this.canvas, this.header, this.body);
      this.space.onchange = () => this.wake();
      this.root.dataset.drawn = "flat";
      this.measured();
    }

    // The graphics card was lost: go on without it.
    lost(event) {
      event.preventDefault();
      const [azimuth, elevation] = this.space.looking();
      const other = this.canvas.cloneNode();
      this.canvas.replaceWith(other);
      this.canvas = other;
      this.space.controls.dispose();
      this.flatten();
      this.space.look(azimuth, elevation);
      listenToCanvas(this);
      this.dress();
      this.measure();
      this.redraw();
    }

    get frames() {
      return this.header.frames;
    }

    get frame() {
      return Math.max(0, this.shown);
    }

    get scriptMs() {
      const count = Math.min(this.ticks, this.spent.length);
      const sorted = [...this.spent.subarray(0, count)].sort((a, b) => a - b);
      return count ? sorted[Math.floor(count / 2)] : 0;
    }

    listenTo(name, deed) {
      if (!this.listeners[name]) throw new Error(`there is no event ${name}; there is frame`);
      this.listeners[name].push(deed);
    }

    play() {
      if (this.playing || this.frames < 2) return;
      if (this.shown >= this.frames - 1) this.time = 0;
      this.playing = true;
      this.last = undefined;
      this.pressed();
      this.wake();
    }

    pause() {
      if (!this.playing) return;
      this.playing = false;
      this.time = Math.floor(this.time);
      this.pressed();
      this.redraw();
    }

    pressed() {
      const says = this.playing ? "Pause" : "Play";
      this.playButton.setAttribute("aria-label", says);
      this.playButton.title = `${says} (space)`;
      this.playButton.replaceChildren(icon(this.playing ? "pause" : "play"));
    }

    // Shows a frame; resolves when it is drawn.
    seek(frame) {
      this.time = Math.max(0, Math.min(this.frames - 1, Math.round(Number(frame) || 0)));
      this.line.move(this.time);
      const asked = this.time;
      return this.data.want(asked).then(
        () => {
          if (this.time !== asked && !this.playing) return undefined; // another was asked for
          this.say("");
          return new Promise((done) => {
            (this.waiting = this.waiting || []).push(done);
            this.shown = -1;
            this.wake();
          });
        },
        (error) => this.failed(asked, error)
      );
    }

    failed(frame, error) {
      this.playing = false;
      this.pressed();
      this.say(`The frames around ${frame} could not be loaded: ${error.message}.`);
    }

    say(text) {
      this.note.hidden = !text;
      this.note.textContent = text;
    }

    step(by) {
      this.pause();
      return this.seek(Math.floor(this.time) + by);
    }

    scrub(event) {
      const box = this.line.slider.getBoundingClientRect();
      return this.seek(this.line.frameAt(event.clientX - box.left));
    }

    jump(way) {
      const at = Math.floor(this.time);
      const marks = this.header.marks;
      if (!marks.length) return undefined;
      const next = way > 0
        ? marks.find(({ frame }) => frame > at) || marks[0]
        : [...marks].reverse().find(({ frame }) => frame < at) || marks[marks.length - 1];
      this.pause();
      return this.seek(next.frame).then(() => this.readouts(true));
    }

    pace(by) {
      const at = SPEEDS.indexOf(this.speed) + by;
      this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))];
      this.speeds.value = String(this.speed);
    }

    toggle(name, on) {
      if (!(name in this.on)) throw new Error(`there is no ${name} to toggle`);
      if (!this.offers(name)) return false;
      this.on[name] = on === undefined ? !this.on[name] : Boolean(on);
      this.toggleAll({});
      if (name === "help") this.helpBox.hidden = !this.on.help;
      if (name === "image") this.measure();
      this.redraw();
      return this.on[name];
    }

    toggleAll(wanted) {
      Object.assign(this.on, wanted);
      for (const [name, button] of Object.entries(this.buttons)) {
        button.setAttribute("aria-pressed", String(Boolean(this.on[name])));
      }
      if (this.image) this.image.close = this.on.close;
      if (this.imageBox) this.imageBox.hidden = !this.on.image;
      if (this.spreadKey) this.spreadKey.hidden = !this.on.spread;
      if (this.truthKey) this.truthKey.hidden = !this.on.truth;
    }

    home() {
      this.aim(this.now.pose, Infinity);
      this.space.look(...HOME, this.space.distance());
      this.redraw();
    }

    // Turns to a side: at once where less motion is wanted.
    view(name) {
      const [azimuth, elevation] = VIEWS[name];
      if (name === "home") this.space.look(...HOME, this.space.distance());
      else if (this.calm.matches) this.space.look(azimuth, elevation);
      else {
        const from = this.space.looking();
        const turn = ((azimuth - from[0] + 540) % 360) - 180;
        this.turning = { from, to: [from[0] + turn, elevation], since: performance.now() };
      }
      this.wake();
    }

    dress() {
      this.theme = themeOf(this.root, this.header);
      this.space.theme(this.theme);
      if (this.image) this.image.theme(this.theme);
      this.line.draw(this.theme);
      this.redraw();
    }

    // Paper is white, whatever the screen is; what is printed has to be drawn by then.
    print(on) {
      this.root.toggleAttribute("data-print", on);
      this.dress();
      this.tick(performance.now());
    }

    measure() {
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      this.root.classList.toggle("lp-narrow", this.root.clientWidth < 640);
      const sized = (box, thing) => {
        const { clientWidth: width, clientHeight: height } = box;
        if (width && height) thing.resize(width, height, ratio);
      };
      sized(this.space3, this.space);
      if (this.image && this.on.image) sized(this.imageBox, this.image);
      if (this.line.slider.clientWidth) this.line.resize(this.line.slider.clientWidth, ratio);
      this.line.draw(this.theme);
      this.line.move(this.time);
      this.redraw();
    }

    redraw() {
      this.shown = -1;
      this.wake();
    }

    wake() {
      if (this.asked || this.asleep) return;
      this.asked = true;
      requestAnimationFrame((now) => this.tick(now));
    }

    tick(now) {
      const begin = performance.now();
      this.asked = false;
      const past = this.last === undefined ? 0 : Math.min(0.25, (now - this.last) / 1000);
      this.last = now;
      if (this.playing) this.advance(past);
      const moved = this.picture(past);
      if (this.turning) this.turn(now);
      const settling = this.space.settle();
      this.space.render();
      this.spent[this.ticks++ % this.spent.length] = performance.now() - begin;
      if (this.waiting) {
        const done = this.waiting;
        this.waiting = null;
        for (const each of done) each();
      }
      if (moved) for (const deed of this.listeners.frame) deed(this.shown);
      if (this.playing || this.turning || settling || this.drifting) this.wake();
      else this.last = undefined;
    }

    advance(past) {
      let time = this.time + past * (this.header.fps || 25) * this.speed;
      if (time >= this.frames) {
        if (this.on.loop) time %= this.frames;
        else {
          time = this.frames - 1;
          this.playing = false;
          this.pressed();
        }
      }
      const frame = Math.floor(time);
      const ahead = Math.floor(frame / this.header.chunk) + 1;
      if (!this.data.has(frame)) {
        this.data.want(frame).catch((error) => this.failed(frame, error));
        return; // it goes on when the frames are here
      }
      this.data.load(ahead).catch(() => {}); // asked for again, and told of, when it is needed
      this.time = time;
    }

    // Draws what is to be seen now, if it is not to be seen already; says whether the frame is new.
    picture(past) {
      const frame = Math.min(this.frames - 1, Math.floor(this.time));
      const slow = this.playing && (this.header.fps || 25) * this.speed < 45;
      this.drifting = false;
      if (!this.data.has(frame)) return false;
      if (frame === this.shown && !slow) {
        this.drifting = this.aim(this.now.pose, past);
        return false;
      }
      const fresh = frame !== this.now.frame || this.shown < 0;
      if (fresh) this.take(frame);
      this.blend(frame, slow ? this.time - frame : 0);
      this.shown = frame;
      this.drifting = this.aim(this.now.pose, past);
      this.space.show(this.now, this.on, this.data, this.gap);
      if (this.image && this.on.image) {
        this.image.draw(this.now, fresh && this.playing ? past : 0);
        if (fresh && this.options.image) this.fetchImage(frame);
      }
      this.line.move(this.time);
      this.readouts(!this.playing);
      return fresh;
    }

    take(frame) {
      for (const { name } of this.header.layers) this.data.read(name, frame, this.now[name]);
      this.now.frame = frame;
      if (frame >= this.now.first && frame < this.now.end) return;
      const { own } = whereabouts(this.header, frame);
      this.now.first = own.first;
      this.now.end = own.first + own.frames;
    }

    // Between two frames of a recording, each coordinate goes straight.
    blend(frame, part) {
      const { now } = this;
      const between = part > 0 && frame + 1 < now.end && this.data.has(frame + 1);
      if (!between && !now.between) return;
      now.between = between;
      for (const { name } of this.header.layers) {
        this.data.read(name, frame, now[name]);
        if (!between) continue;
        const next = this.next[name];
        this.data.read(name, frame + 1, next);
        for (let i = 0; i < next.length; i++) {
          const on = now[name][i] + part * (next[i] - now[name][i]);
          if (on === on) now[name][i] = on;
        }
      }
    }

    fetchImage(frame) {
      const { image } = this;
      if (this.fetching) {
        this.fetchNext = frame;
        return;
      }
      this.fetching = true;
      Promise.resolve(this.options.image(frame))
        .catch(() => null)
        .then((bitmap) => {
          this.fetching = false;
          if (image.bitmap && image.bitmap.close) image.bitmap.close();
          image.bitmap = bitmap;
          image.draw(this.now, 0);
          const next = this.fetchNext;
          this.fetchNext = undefined;
          if (next !== undefined && next !== frame) this.fetchImage(next);
        });
    }

    // Keeps the animal in the middle, smoothly; says whether it is still on the way.
    aim(pose, past) {
      const { aim } = this.space;
      const { middle, span } = this.body;
      const to = MIDDLE;
      if (this.on.follow) {
        if (!centre(pose, to)) return false;
      } else for (let d = 0; d < 3; d++) to[d] = middle[d];
      const far = Math.hypot(to[0] - aim.x, to[1] - aim.y, to[2] - aim.z);
      if (far < 1e-4 * span) return false;
      const jump = far > 2 * span || past === Infinity || this.calm.matches || !this.playing;
      const part = jump ? 1 : 1 - Math.exp(-past / 0.2);
      this.space.shift(
        aim.x + part * (to[0] - aim.x),
        aim.y + part * (to[1] - aim.y),
        aim.z + part * (to[2] - aim.z)
      );
      return part < 1;
    }

    turn(now) {
      const { from, to, since } = this.turning;
      const part = Math.min(1, Math.max(0, (now - since) / 350));
      const eased = part * part * (3 - 2 * part);
      this.space.look(from[0] + (to[0] - from[0]) * eased, from[1] + (to[1] - from[1]) * eased);
      if (part === 1) this.turning = null;
    }

    // Another time line, and other frames to jump to.
    lines(lines, marks) {
      this.header = { ...this.header, lines: lines || [], marks: marks || [] };
      this.line.take(this.header);
      for (const button of this.markers) button.hidden = !this.header.marks.length;
      this.measure();
    }

    readouts(spoken) {
      const { fps, frames, recordings, marks, rows } = this.header;
      const frame = this.shown;
      if (frame < 0) return;
      const { own, since, row } = whereabouts(this.header, frame);
      const number = (value) => value.toLocaleString("en");
      const time = fps ? `${(frame / fps).toFixed(fps >= 100 ? 3 : 2)} s` : "";
      const mark = marks.find((each) => each.frame === frame);
      const whose = recordings.length > 1 && own.name ? `${own.name}, ${number(since)}` : "";
      const text = [`frame ${number(row)} of ${number(rows || frames)}`, time, whose, mark && !this.playing ? mark.text : ""];
      this.readout.textContent = text.filter(Boolean).join(" · ");
      if (!spoken) return;
      const { slider } = this.line;
      const aloud = [`frame ${row} of ${rows || frames}`, time, mark ? mark.text : ""];
      slider.setAttribute("aria-valuenow", String(frame));
      slider.setAttribute("aria-valuetext", aloud.filter(Boolean).join(", "));
    }

    positions(layer) {
      if (layer === "image" || layer === "reprojected") {
        return this.flat && this.on.image && this.now[layer] ? this.now[layer].slice() : null;
      }
      return this.space.positions(layer);
    }
  }

  LiftPose.player = function (root, header, source, options) {
    const player = new Player(root, header, source, options || {});
    return {
      get frame() {
        return player.frame;
      },
      get frames() {
        return player.frames;
      },
      get playing() {
        return player.playing;
      },
      get scriptMs() {
        return player.scriptMs;
      },
      ready: player.ready,
      seek: (frame) => player.seek(frame),
      play: () => player.play(),
      pause: () => player.pause(),
      toggle: (name, on) => player.toggle(name, on),
      view: (name) => player.view(name),
      positions: (layer) => player.positions(layer),
      lines: (lines, marks) => player.lines(lines, marks),
      on: (name, deed) => player.listenTo(name, deed),
    };
  };
})();
