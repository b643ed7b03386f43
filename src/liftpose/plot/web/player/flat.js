// The scene, where there is no WebGL.
(function () {
  "use strict";
  const { inner } = window.LiftPose;
  const { RAD, css } = inner;

  // The same, flat: drawn without perspective, from what is far to what is near.
  class Flat {
    constructor(canvas, header, body) {
      this.canvas = canvas;
      this.header = header;
      this.body = body;
      this.pen = canvas.getContext("2d");
      this.aim = { x: body.middle[0], y: body.middle[1], z: body.middle[2] };
      this.azimuth = 0;
      this.elevation = 0;
      this.zoom = 1;
      this.drawn = {};
      this.flat = new Float32Array(3 * header.joints.length);
      this.order = header.bones.map((_, i) => i);
      this.listen();
    }

    listen() {
      const held = new Map();
      const { canvas } = this;
      canvas.addEventListener("pointerdown", (event) => {
        held.set(event.pointerId, event);
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const before = held.get(event.pointerId);
        if (!before) return;
        held.set(event.pointerId, event);
        this.azimuth -= (event.clientX - before.clientX) * 0.4;
        const up = this.elevation + (event.clientY - before.clientY) * 0.4;
        this.elevation = Math.max(-89.9, Math.min(89.9, up));
        if (this.onchange) this.onchange();
      });
      for (const name of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(name, (event) => held.delete(event.pointerId));
      }
      canvas.addEventListener("wheel", (event) => {
        if (!this.wheel) return;
        event.preventDefault();
        this.zoom = Math.max(0.1, Math.min(8, this.zoom * Math.exp(-event.deltaY / 600)));
        if (this.onchange) this.onchange();
      });
    }

    settle() {
      return false;
    }

    theme(theme) {
      this.colors = theme;
    }

    resize(width, height, ratio) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      Object.assign(this, { width, height, ratio });
    }

    distance() {
      return 1;
    }

    look(azimuth, elevation, distance) {
      this.azimuth = azimuth;
      this.elevation = elevation;
      if (distance) this.zoom = 1;
    }

    looking() {
      return [this.azimuth, this.elevation];
    }

    shift(x, y, z) {
      Object.assign(this.aim, { x, y, z });
    }

    show(now, on) {
      this.drawn = { pose: now.pose };
      if (on.truth && now.truth) this.drawn.truth = now.truth;
      if (on.spread && now.spread) this.drawn.spread = now.spread;
    }

    // Right, up and towards who looks, in pixels of the page.
    turn(points, from, out, at) {
      const [a, e] = [this.azimuth * RAD, this.elevation * RAD];
      const x = points[from] - this.aim.x;
      const y = points[from + 1] - this.aim.y;
      const z = points[from + 2] - this.aim.z;
      const along = Math.cos(a) * x + Math.sin(a) * y;
      out[at] = this.width / 2 + this.scale * (Math.cos(a) * y - Math.sin(a) * x);
      out[at + 1] = this.height / 2 - this.scale * (Math.cos(e) * z - Math.sin(e) * along);
      out[at + 2] = Math.cos(e) * along + Math.sin(e) * z;
    }

    line(p, a, q, b, color, width) {
      const { pen } = this;
      pen.strokeStyle = color;
      pen.lineWidth = width;
      pen.beginPath();
      pen.moveTo(p[a], p[a + 1]);
      pen.lineTo(q[b], q[b + 1]);
      pen.stroke();
    }

    render() {
      const { pen, header, body, colors } = this;
      this.scale = (this.zoom * Math.min(this.width, this.height)) / (1.25 * body.span);
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      pen.fillStyle = css(colors.paper);
      pen.fillRect(0, 0, this.width, this.height);
      pen.lineCap = "round";
      this.tile();
      if (!this.drawn.pose) return;
      const thick = Math.max(1.5, 2 * body.radius * this.scale);
      if (this.drawn.truth) {
        this.project(this.drawn.truth);
        for (const [a, b] of header.bones) {
          this.line(this.flat, 3 * a, this.flat, 3 * b, css(colors.truth), 2.3 * thick);
        }
      }
      this.project(this.drawn.pose);
      const { flat } = this;
      const depth = (i) => flat[3 * header.bones[i][0] + 2] + flat[3 * header.bones[i][1] + 2];
      this.order.sort((i, k) => depth(i) - depth(k));
      for (const i of this.order) {
        const [a, b] = header.bones[i];
        this.line(flat, 3 * a, flat, 3 * b, css(colors.joints[a]), thick);
      }
      for (let j = 0; j < header.joints.length; j++) dot(pen, flat, 3 * j, header.left[j], colors.joints[j], colors.paper, thick * 0.9);
    }

    tile() {
      const { cell, reach } = this.body;
      const cells = Math.min(12, Math.ceil(reach / cell));
      const [p, q] = [new Float32Array(3), new Float32Array(3)];
      const place = [Math.round(this.aim.x / cell) * cell, Math.round(this.aim.y / cell) * cell];
      const ends = new Float32Array(6);
      for (let i = -cells; i <= cells; i++) {
        for (const axis of [0, 1]) {
          p[axis] = q[axis] = place[axis] + i * cell;
          p[1 - axis] = place[1 - axis] - cells * cell;
          q[1 - axis] = place[1 - axis] + cells * cell;
          p[2] = q[2] = this.header.ground;
          this.turn(p, 0, ends, 0);
          this.turn(q, 0, ends, 3);
          this.line(ends, 0, ends, 3, css(this.colors.line), 1);
        }
      }
    }

    project(points) {
      for (let j = 0; j < this.header.joints.length; j++) this.turn(points, 3 * j, this.flat, 3 * j);
    }

    under(x, y) {
      let best = -1;
      let least = 14;
      for (let j = 0; j < this.header.joints.length; j++) {
        const away = Math.hypot(this.flat[3 * j] - x, this.flat[3 * j + 1] - y);
        if (away < least) [best, least] = [j, away];
      }
      return best;
    }

    positions(layer) {
      return this.drawn[layer] ? this.drawn[layer].slice() : null;
    }
  }

  // A joint: full, or of the left side hollow.
  function dot(pen, at, from, left, color, paper, radius) {
    if (!(at[from] === at[from])) return;
    pen.beginPath();
    pen.arc(at[from], at[from + 1], radius, 0, 2 * Math.PI);
    pen.fillStyle = css(left ? paper : color);
    pen.fill();
    if (!left) return;
    pen.strokeStyle = css(color);
    pen.lineWidth = Math.max(1, radius * 0.45);
    pen.stroke();
  }

  Object.assign(inner, { Flat });
})();
