// The scene, with WebGL.
(function () {
  "use strict";
  const { inner } = window.LiftPose;
  const { RAD, niceLength, tips, Body, Strokes, solid, instanced, place } = inner;
  const FIELD_OF_VIEW = 20; // degrees: nearly parallel, so that lengths can be compared
  const GHOSTS = 3; // before, and as many after
  const TRAIL = 48; // frames at most

  // How thick a bone is, how far the ground reaches, and how large its cells are.
  function proportions(header) {
    const { low, high } = header.box;
    const size = header.size;
    const walk = Math.hypot(high[0] - low[0], high[1] - low[1]);
    const follows = walk > 2.2 * size;
    const span = follows ? size : Math.max(size, Math.hypot(walk, high[2] - low[2]));
    const crowd = Math.min(1, 40 / header.joints.length);
    return {
      follows,
      span,
      radius: size * 0.0072 * Math.max(0.45, Math.sqrt(crowd)),
      reach: 1.0 * span,
      cell: niceLength(span / 5),
      middle: [0, 1, 2].map((d) => (low[d] + high[d]) / 2),
    };
  }

  class Space {
    constructor(canvas, context, header, body) {
      this.canvas = canvas;
      this.header = header;
      this.body = body;
      this.renderer = new THREE.WebGLRenderer({ canvas, context });
      this.renderer.outputColorSpace = "srgb-linear"; // colours go to the screen as they are
      this.scene = new THREE.Scene();
      this.camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, body.span / 50, body.span * 200);
      this.camera.up.set(0, 0, 1);
      this.controls = new THREE.OrbitControls(this.camera, canvas);
      this.controls.minDistance = body.span / 4;
      this.controls.maxDistance = body.span * 40;
      this.tips = tips(header);
      const has = (name) => header.layers.some((layer) => layer.name === name);
      const { radius } = body;
      this.halo = new Body(header, radius, 1.75, solid({ grow: radius * 0.55, flatly: 1 }), 3);
      this.pose = new Body(header, radius, 1.75, solid({}), 4);
      this.truth = has("truth")
        ? new Body(header, radius * 2.1, 1, solid({ shade: 0, depthWrite: false }), 2)
        : null;
      this.spread = has("spread")
        ? instanced(
            new THREE.SphereGeometry(1, 24, 16),
            solid({ opacity: 0.3, shell: 1, shade: 0, depthWrite: false }),
            header.joints.length,
            6
          )
        : null;
      const bones = Math.max(header.bones.length, 1);
      this.grid = new Strokes(4000, 1, 0, true);
      this.shadow = new Strokes(bones + header.joints.length, 1, 1, true);
      this.ghosts = new Strokes(2 * GHOSTS * Math.max(bones, header.joints.length), 1.6, 5);
      this.trails = new Strokes(this.tips.length * TRAIL, 2, 5);
      this.strokes = [this.grid, this.shadow, this.ghosts, this.trails];
      for (const { mesh } of this.strokes) this.scene.add(mesh);
      for (const each of [this.halo, this.pose, this.truth]) if (each) this.scene.add(...each.meshes);
      if (this.spread) this.scene.add(this.spread);
      this.ground = new Float32Array(6);
      this.point = new THREE.Vector3();
      this.controls.target.set(...body.middle);
    }

    theme(theme) {
      this.colors = theme;
      const joints = theme.joints;
      this.pose.tint(joints, this.header.left);
      this.halo.tint(joints);
      if (this.truth) this.truth.tint(joints.map(() => theme.truth));
      if (this.spread) {
        this.spread.geometry.attributes.tint.array.set(joints.flat());
        this.spread.geometry.attributes.tint.needsUpdate = true;
      }
      this.scene.traverse((each) => {
        const uniform = each.material && each.material.uniforms.paper;
        if (uniform) uniform.value.set(...theme.paper);
      });
      this.renderer.setClearColor(new THREE.Color().setRGB(...theme.paper, "srgb-linear"), 1);
      this.lay();
    }

    // The ground, once: it is moved by whole cells as the animal walks.
    lay() {
      const { cell, reach } = this.body;
      const cells = Math.min(20, Math.ceil((1.4 * reach) / cell));
      const from = new Float32Array(3);
      const to = new Float32Array(3);
      this.grid.clear();
      for (let i = -cells; i <= cells; i++) {
        for (let k = -cells; k < cells; k++) {
          for (const axis of [0, 1]) {
            from[axis] = to[axis] = i * cell;
            from[1 - axis] = k * cell;
            to[1 - axis] = (k + 1) * cell;
            this.grid.add(from, 0, to, 0, this.colors.line, 1);
          }
        }
      }
      this.grid.done();
      this.grid.uniforms.fade.value.set(reach * 0.55, reach * 1.3);
    }

    resize(width, height, ratio) {
      this.renderer.setPixelRatio(ratio);
      this.renderer.setSize(width, height, false);
      this.camera.aspect = width / height;
      this.camera.updateProjectionMatrix();
      for (const each of this.strokes) each.uniforms.size.value.set(width, height);
      this.height = height;
    }

    get aim() {
      return this.controls.target;
    }

    // Whether the view is still coming to rest.
    settle() {
      return this.controls.update();
    }

    // How far one has to be to see all of it.
    distance() {
      const narrow = Math.min(1, this.camera.aspect);
      return (0.45 * this.body.span) / Math.tan((FIELD_OF_VIEW / 2) * RAD) / narrow;
    }

    look(azimuth, elevation, distance) {
      const { target } = this.controls;
      const [a, e] = [azimuth * RAD, elevation * RAD];
      const far = distance || this.camera.position.distanceTo(target) || this.distance();
      this.camera.position.set(
        target.x + far * Math.cos(e) * Math.cos(a),
        target.y + far * Math.cos(e) * Math.sin(a),
        target.z + far * Math.sin(e)
      );
      this.controls.update();
    }

    looking() {
      const x = this.camera.position.x - this.controls.target.x;
      const y = this.camera.position.y - this.controls.target.y;
      const z = this.camera.position.z - this.controls.target.z;
      return [Math.atan2(y, x) / RAD, Math.atan2(z, Math.hypot(x, y)) / RAD];
    }

    // Moves what is looked at, and who looks, alike.
    shift(x, y, z) {
      const { target } = this.controls;
      this.camera.position.x += x - target.x;
      this.camera.position.y += y - target.y;
      this.camera.position.z += z - target.z;
      target.set(x, y, z);
    }

    show(now, on, frames, gap) {
      this.pose.move(now.pose);
      this.halo.move(now.pose);
      if (this.truth) {
        this.truth.visible = on.truth;
        if (on.truth) this.truth.move(now.truth);
      }
      if (this.spread) {
        this.spread.visible = on.spread;
        if (on.spread) this.swell(now);
      }
      this.darken(now.pose);
      this.ghosts.mesh.visible = on.ghost;
      if (on.ghost) this.haunt(now, frames, gap);
      this.trails.mesh.visible = on.trails;
      if (on.trails) this.trace(now, frames, gap);
    }

    swell(now) {
      const m = this.spread.instanceMatrix.array;
      const bar = this.header.bar;
      const { pose, spread } = now;
      for (let j = 0; j < this.spread.count; j++) {
        const at = 3 * j;
        const known = spread[at] === spread[at];
        if (known) {
          place(m, 16 * j, pose, at, bar * spread[at], bar * spread[at + 1], bar * spread[at + 2]);
        } else m.fill(0, 16 * j, 16 * j + 16);
      }
      this.spread.instanceMatrix.needsUpdate = true;
    }

    darken(pose) {
      const { shadow, ground, colors } = this;
      const height = this.header.ground;
      const tone = mix3(colors.paper, colors.ink, 0.1, TONE);
      shadow.clear();
      const { bones } = this.header;
      const add = (a, b) => {
        ground[0] = pose[3 * a];
        ground[1] = pose[3 * a + 1];
        ground[3] = pose[3 * b];
        ground[4] = pose[3 * b + 1];
        ground[2] = ground[5] = height;
        shadow.add(ground, 0, ground, 3, tone, 1);
      };
      for (let b = 0; b < bones.length; b++) add(bones[b][0], bones[b][1]);
      if (!bones.length) for (let j = 0; j < this.header.joints.length; j++) add(j, j);
      shadow.done();
    }

    haunt(now, frames, gap) {
      const { ghosts, header, colors } = this;
      const { bones } = header;
      ghosts.clear();
      for (let k = -GHOSTS; k <= GHOSTS; k++) {
        const frame = now.frame + k * gap;
        if (!k || frame < now.first || frame >= now.end) continue;
        frames.read("pose", frame, now.other);
        const alpha = 0.5 - 0.12 * Math.abs(k);
        for (let b = 0; b < bones.length; b++) {
          const [p, q] = bones[b];
          ghosts.add(now.other, 3 * p, now.other, 3 * q, colors.joints[p], alpha);
        }
        if (bones.length) continue;
        for (let j = 0; j < header.joints.length; j++) {
          ghosts.add(now.other, 3 * j, now.other, 3 * j, colors.joints[j], alpha);
        }
      }
      ghosts.done();
    }

    trace(now, frames, gap) {
      const { trails, colors, tips: ends } = this;
      const length = Math.min(TRAIL, 8 * gap, now.frame - now.first);
      const way = this.ground;
      trails.clear();
      for (let i = 0; i < ends.length; i++) {
        const joint = ends[i];
        for (let d = 0; d < 3; d++) way[d] = now.pose[3 * joint + d];
        let known = way[0] === way[0];
        for (let k = 0; k < length; k++) {
          const from = 3 * ((k + 1) % 2);
          const seen = frames.point("pose", now.frame - k - (now.between ? 0 : 1), joint, way, from);
          const alpha = 0.85 * (1 - k / length);
          if (known && seen) trails.add(way, 3 - from, way, from, colors.joints[joint], alpha);
          known = seen;
        }
      }
      trails.done();
    }

    render() {
      const { target } = this.controls;
      const { cell } = this.body;
      const height = this.header.ground;
      const snap = (value) => Math.round(value / cell) * cell;
      this.grid.mesh.position.set(snap(target.x), snap(target.y), height);
      this.grid.uniforms.centre.value.copy(target);
      const far = this.camera.position.distanceTo(target);
      const pixels = this.height / (2 * far * Math.tan((FIELD_OF_VIEW / 2) * RAD));
      this.shadow.uniforms.width.value = Math.max(1, 2.2 * this.body.radius * pixels);
      this.camera.near = Math.max(far / 100, far - 20 * this.body.span);
      this.camera.far = far + 20 * this.body.span;
      this.camera.updateProjectionMatrix();
      this.renderer.render(this.scene, this.camera);
    }

    // The joint under a point of the canvas, or -1.
    under(x, y, width, height) {
      const m = this.pose.joints.instanceMatrix.array;
      let best = -1;
      let least = 14;
      for (let j = 0; j < this.header.joints.length; j++) {
        if (!m[16 * j]) continue;
        this.point.set(m[16 * j + 12], m[16 * j + 13], m[16 * j + 14]).project(this.camera);
        const away = Math.hypot(((this.point.x + 1) / 2) * width - x, ((1 - this.point.y) / 2) * height - y);
        if (away < least) [best, least] = [j, away];
      }
      return best;
    }

    positions(layer) {
      const mesh = { pose: this.pose.joints, truth: this.truth && this.truth.joints, spread: this.spread }[layer];
      if (!mesh || !mesh.visible) return null;
      const m = mesh.instanceMatrix.array;
      const read = new Float32Array(3 * mesh.count);
      for (let j = 0; j < mesh.count; j++) {
        for (let d = 0; d < 3; d++) {
          const value = layer === "spread" ? m[16 * j + 5 * d] / this.header.bar : m[16 * j + 12 + d];
          read[3 * j + d] = m[16 * j + 15] ? value : NaN;
        }
      }
      return read;
    }
  }

  const TONE = [0, 0, 0];
  function mix3(a, b, t, out) {
    for (let d = 0; d < 3; d++) out[d] = a[d] + (b[d] - a[d]) * t;
    return out;
  }

  Object.assign(inner, { Space, proportions });
})();
