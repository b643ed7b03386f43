// The player of 3D poses: LiftPose.player(element, header, source, options).
// A classic script; needs the global THREE, and without WebGL draws flat. See plot/track.py for
// the header and plot/chunks.py for the chunks.
(function () {
  "use strict";
  const LiftPose = (window.LiftPose = window.LiftPose || {});
  const ABSENT = 65535;
  const KEPT = 24; // chunks that stay decoded
  const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];
  const FIELD_OF_VIEW = 20; // degrees: nearly parallel, so that lengths can be compared
  const HOME = [-60, 18]; // azimuth and elevation, degrees
  const VIEWS = { top: [-90, 89.9], side: [0, 4], front: [-90, 4], home: HOME };
  const GHOSTS = 3; // before, and as many after
  const TRAIL = 48; // frames at most
  const RAD = Math.PI / 180;

  // ---- frames ---------------------------------------------------------------------------------

  async function plain(buffer) {
    const bytes = new Uint8Array(buffer);
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  function decode(bytes, layers, joints) {
    let scales = 0;
    let row = 0;
    for (const { dims } of layers) {
      scales += 8 * dims;
      row += 2 * joints * dims;
    }
    const frames = (bytes.length - scales) / row;
    if (frames !== Math.floor(frames) || frames < 0) throw new Error("a chunk is damaged");
    const found = {};
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const { name, dims } of layers) {
      const low = new Float64Array(dims);
      const step = new Float64Array(dims);
      for (let d = 0; d < dims; d++) {
        low[d] = view.getFloat32(at + 4 * d, true);
        step[d] = view.getFloat32(at + 4 * (dims + d), true);
      }
      at += 8 * dims;
      const width = joints * dims;
      const count = frames * width;
      const held = new Uint16Array(count); // sums in it are modulo 65536
      const high = at + count;
      for (let i = 0; i < count; i++) {
        held[i] = (bytes[at + i] | (bytes[high + i] << 8)) + (i < width ? 0 : held[i - width]);
      }
      at += 2 * count;
      found[name] = { held, low, step, dims, width };
    }
    return { frames, layers: found };
  }

  class Frames {
    constructor(header, source) {
      this.header = header;
      this.source = source;
      this.chunks = new Map();
      this.pending = new Map();
    }

    has(frame) {
      return this.chunks.has(Math.floor(frame / this.header.chunk));
    }

    // Resolves when the frame can be read.
    want(frame) {
      return this.load(Math.floor(frame / this.header.chunk));
    }

    load(number) {
      const last = Math.ceil(this.header.frames / this.header.chunk) - 1;
      if (number < 0 || number > last || this.chunks.has(number)) return Promise.resolve();
      if (this.pending.has(number)) return this.pending.get(number);
      const done = Promise.resolve(this.source.chunk(number))
        .then(plain)
        .then((bytes) => {
          const chunk = decode(bytes, this.header.layers, this.header.joints.length);
          this.chunks.set(number, chunk);
          if (this.chunks.size > KEPT) this.drop(number);
        })
        .finally(() => this.pending.delete(number));
      this.pending.set(number, done);
      return done;
    }

    // Lets go of the chunk that is furthest from where one is.
    drop(near) {
      let far = near;
      for (const number of this.chunks.keys()) {
        if (Math.abs(number - near) > Math.abs(far - near)) far = number;
      }
      this.chunks.delete(far);
    }

    // Writes a frame of a layer into `out`; NaN where it is absent, or not there yet.
    read(layer, frame, out) {
      const { chunk: length, frames } = this.header;
      const number = Math.floor(frame / length);
      const chunk = frame < 0 || frame >= frames ? undefined : this.chunks.get(number);
      const kept = chunk && chunk.layers[layer];
      if (!kept || frame - number * length >= chunk.frames) {
        out.fill(NaN);
        return false;
      }
      const { held, low, step, dims, width } = kept;
      const from = (frame - number * length) * width;
      for (let i = 0; i < width; i++) {
        const q = held[from + i];
        out[i] = q === ABSENT ? NaN : low[i % dims] + step[i % dims] * q;
      }
      return true;
    }

    // One joint of a frame of three coordinates, for trails; false where it is absent.
    point(layer, frame, joint, out, at) {
      const { chunk: length } = this.header;
      const number = Math.floor(frame / length);
      const chunk = this.chunks.get(number);
      const kept = chunk && chunk.layers[layer];
      if (!kept || frame - number * length >= chunk.frames) return false;
      const from = (frame - number * length) * kept.width + joint * 3;
      if (kept.held[from] === ABSENT) return false;
      for (let d = 0; d < 3; d++) out[at + d] = kept.low[d] + kept.step[d] * kept.held[from + d];
      return true;
    }
  }

  // A source that reads the chunks from <script type="application/octet-stream" id="ID-0">.
  LiftPose.inline = function (id) {
    return {
      chunk(number) {
        const element = document.getElementById(`${id}-${number}`);
        if (!element) return Promise.reject(new Error(`the page has no chunk ${id}-${number}`));
        return Promise.resolve(LiftPose.bytes(element.textContent).buffer);
      },
    };
  };

  LiftPose.bytes = function (base64) {
    const text = atob(base64.trim());
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };

  // ---- small things ---------------------------------------------------------------------------

  function niceLength(about) {
    const power = Math.pow(10, Math.floor(Math.log10(about)));
    const step = [5, 2, 1].find((each) => each * power <= about * (1 + 1e-9)) || 1;
    return step * power;
  }

  function rgb(hex) {
    const text = hex.trim().replace("#", "");
    const whole = text.length === 3 ? text.replace(/./g, "$&$&") : text;
    const number = parseInt(whole, 16);
    return [(number >> 16) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255];
  }

  const css = (c) => `rgb(${c.map((v) => Math.round(v * 255)).join(" ")})`;
  const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);

  function contrast(a, b) {
    const [low, high] = [light(a), light(b)].sort((p, q) => p - q);
    return (high + 0.05) / (low + 0.05);
  }

  // The colours of the page now. Limbs that the paper would swallow are drawn towards the ink.
  function themeOf(element, header) {
    const style = getComputedStyle(element);
    const color = (name, other) => rgb(style.getPropertyValue(name) || other);
    const theme = {
      paper: color("--paper", "#ffffff"),
      ink: color("--ink", "#1b1e23"),
      muted: color("--muted", "#626a73"),
      line: color("--line", "#d9dde1"),
      wash: color("--wash", "#f5f6f7"),
      accent: color("--accent", "#0072b2"),
      warn: color("--warn", "#d55e00"),
      truth: color("--truth", "#bdbdbd"),
    };
    const limbs = header.colors.map((hex) => {
      const own = rgb(hex);
      return contrast(own, theme.paper) < 1.7 ? mix(own, theme.ink, 0.6) : own;
    });
    theme.joints = header.joints.map((_, j) => limbs[header.limb_id[j]] || theme.accent);
    return theme;
  }

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const ICONS = {
    play: "M4 2.5v11l9-5.5z",
    pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
    previous: "M12 3v10L5.5 8zM3.5 3h1.6v10H3.5z",
    next: "M4 3v10l6.5-5zM10.9 3h1.6v10h-1.6z",
  };

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  // Digits as a person would write them: as many as are worth reading.
  function digits(value) {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    return size >= 1e5 || (size > 0 && size < 1e-3)
      ? value.toExponential(1)
      : String(Number(value.toPrecision(3)));
  }

  // Joints at the end of a limb: what trails are drawn of.
  function tips(header) {
    const degree = new Array(header.joints.length).fill(0);
    for (const [a, b] of header.bones) {
      degree[a]++;
      degree[b]++;
    }
    const ends = [...degree.keys()].filter((joint) => degree[joint] === 1);
    return (ends.length ? ends : [...degree.keys()]).slice(0, 40);
  }

  // ---- the scene, with WebGL ------------------------------------------------------------------

  const SOLID_VERTEX = `
    attribute vec3 tint;
    attribute float hollow;
    uniform float grow;
    varying vec3 vNormal, vTint, vView;
    varying float vHollow;
    void main() {
      mat3 m = mat3(instanceMatrix);
      vec3 size = vec3(dot(m[0], m[0]), dot(m[1], m[1]), dot(m[2], m[2]));
      vNormal = normalize(normalMatrix * (m * (normal / max(size, 1e-30))));
      vec4 place = modelViewMatrix * instanceMatrix * vec4(position, 1.0);
      place.xyz += size.x > 0.0 ? grow * vNormal : vec3(0.0);
      vTint = tint;
      vHollow = hollow;
      vView = place.xyz;
      gl_Position = projectionMatrix * place;
    }`;

  const SOLID_FRAGMENT = `
    uniform vec3 paper;
    uniform float shade, opacity, shell, flatly;
    varying vec3 vNormal, vTint, vView;
    varying float vHollow;
    void main() {
      vec3 normal = normalize(vNormal);
      float facing = abs(dot(normal, normalize(vView)));
      float lit = clamp(dot(normal, normalize(vec3(-0.35, 0.8, 0.55))), 0.0, 1.0);
      vec3 color = mix(vTint * (1.0 - shade * (1.0 - lit)), paper, flatly);
      float soft = fwidth(facing);
      float core = smoothstep(0.74 - soft, 0.74 + soft, facing);
      color = mix(color, paper, vHollow * core * (1.0 - flatly));
      float rim = 1.0 - facing;
      gl_FragColor = vec4(color, shell > 0.0 ? opacity * (0.35 + 1.3 * rim * rim) : opacity);
    }`;

  const STROKE_VERTEX = `
    attribute vec3 begin, end;
    attribute vec4 tint;
    uniform vec2 size;
    uniform float width;
    varying vec4 vTint;
    varying vec3 vPlace;
    void main() {
      vec4 p = projectionMatrix * modelViewMatrix * vec4(begin, 1.0);
      vec4 q = projectionMatrix * modelViewMatrix * vec4(end, 1.0);
      vec2 along = (q.xy / q.w - p.xy / p.w) * size;
      along = dot(along, along) > 1e-12 ? normalize(along) : vec2(1.0, 0.0);
      vec4 place = position.x < 0.5 ? p : q;
      vec2 shift = vec2(-along.y, along.x) * position.y + along * (position.x * 2.0 - 1.0) * 0.5;
      place.xy += shift * width / size * place.w;
      vTint = tint;
      vPlace = (modelMatrix * vec4(mix(begin, end, position.x), 1.0)).xyz;
      gl_Position = place;
    }`;

  const STROKE_FRAGMENT = `
    uniform vec3 centre;
    uniform vec2 fade;
    varying vec4 vTint;
    varying vec3 vPlace;
    void main() {
      float far = distance(vPlace.xy, centre.xy);
      float seen = fade.y > 0.0 ? 1.0 - smoothstep(fade.x, fade.y, far) : 1.0;
      gl_FragColor = vec4(vTint.rgb, vTint.a * seen);
    }`;

  function solid(options) {
    const { BackSide, ShaderMaterial } = THREE;
    const values = { grow: 0, shade: 0.2, opacity: 1, shell: 0, flatly: 0, ...options };
    const uniforms = { paper: { value: new THREE.Vector3(1, 1, 1) } };
    for (const name of ["grow", "shade", "opacity", "shell", "flatly"]) {
      uniforms[name] = { value: values[name] };
    }
    return new ShaderMaterial({
      vertexShader: SOLID_VERTEX,
      fragmentShader: SOLID_FRAGMENT,
      uniforms,
      transparent: values.opacity < 1,
      depthWrite: values.depthWrite !== false,
      ...(values.grow ? { side: BackSide } : {}),
    });
  }

  function instanced(geometry, material, count, order) {
    const own = geometry.clone();
    const attribute = (size) => new THREE.InstancedBufferAttribute(new Float32Array(count * size), size);
    own.setAttribute("tint", attribute(3));
    own.setAttribute("hollow", attribute(1));
    const mesh = new THREE.InstancedMesh(own, material, count);
    mesh.instanceMatrix.setUsage(THREE.DynamicDrawUsage);
    mesh.instanceMatrix.array.fill(0);
    mesh.frustumCulled = false;
    mesh.renderOrder = order;
    return mesh;
  }

  // Spheres at joints and cylinders between them, which a pose moves without allocating anything.
  class Body {
    constructor(header, radius, broad, material, order) {
      this.bones = header.bones;
      this.radius = radius;
      this.broad = broad;
      const joints = header.joints.length;
      const rod = new THREE.CylinderGeometry(1, 1, 1, joints > 200 ? 6 : 14, 1, true);
      const [across, up] = joints > 200 ? [10, 8] : [24, 16];
      const ball = new THREE.SphereGeometry(1, across, up);
      this.joints = instanced(ball, material, joints, order);
      this.rods = instanced(rod, material, Math.max(1, this.bones.length), order);
      this.rods.count = this.bones.length;
      this.meshes = [this.joints, this.rods];
    }

    tint(colors, left) {
      this.joints.geometry.attributes.tint.array.set(colors.flat());
      if (left) this.joints.geometry.attributes.hollow.array.set(left);
      this.bones.forEach(([a], i) => this.rods.geometry.attributes.tint.array.set(colors[a], 3 * i));
      for (const mesh of this.meshes) {
        mesh.geometry.attributes.tint.needsUpdate = true;
        mesh.geometry.attributes.hollow.needsUpdate = true;
      }
    }

    move(points) {
      const joints = this.joints.instanceMatrix.array;
      const size = this.radius * this.broad;
      for (let j = 0; j < this.joints.count; j++) {
        place(joints, 16 * j, points, 3 * j, size, size, size);
      }
      const rods = this.rods.instanceMatrix.array;
      for (let b = 0; b < this.bones.length; b++) {
        join(rods, 16 * b, points, 3 * this.bones[b][0], 3 * this.bones[b][1], this.radius);
      }
      this.joints.instanceMatrix.needsUpdate = true;
      this.rods.instanceMatrix.needsUpdate = true;
    }

    set visible(on) {
      for (const mesh of this.meshes) mesh.visible = on;
    }
  }

  // A ball about a point, or nothing where it is absent.
  function place(m, at, points, from, sx, sy, sz) {
    m.fill(0, at, at + 16);
    if (!(points[from] === points[from])) return;
    m[at] = sx;
    m[at + 5] = sy;
    m[at + 10] = sz;
    m[at + 12] = points[from];
    m[at + 13] = points[from + 1];
    m[at + 14] = points[from + 2];
    m[at + 15] = 1;
  }

  // A cylinder of unit height between two points, or nothing where one is absent.
  function join(m, at, points, a, b, radius) {
    m.fill(0, at, at + 16);
    const x = points[b] - points[a];
    const y = points[b + 1] - points[a + 1];
    const z = points[b + 2] - points[a + 2];
    const length = Math.sqrt(x * x + y * y + z * z);
    if (!(length > 0)) return;
    // Any direction across: the axis that is least along the bone gives one.
    const least = Math.abs(x) < Math.abs(y) ? (Math.abs(x) < Math.abs(z) ? 0 : 2) : Math.abs(y) < Math.abs(z) ? 1 : 2;
    let ux = least === 0 ? 0 : least === 1 ? -z : y;
    let uy = least === 0 ? z : least === 1 ? 0 : -x;
    let uz = least === 0 ? -y : least === 1 ? x : 0;
    const across = radius / Math.sqrt(ux * ux + uy * uy + uz * uz);
    ux *= across;
    uy *= across;
    uz *= across;
    m[at] = ux;
    m[at + 1] = uy;
    m[at + 2] = uz;
    m[at + 4] = x;
    m[at + 5] = y;
    m[at + 6] = z;
    m[at + 8] = (uy * z - uz * y) / length;
    m[at + 9] = (uz * x - ux * z) / length;
    m[at + 10] = (ux * y - uy * x) / length;
    m[at + 12] = (points[a] + points[b]) / 2;
    m[at + 13] = (points[a + 1] + points[b + 1]) / 2;
    m[at + 14] = (points[a + 2] + points[b + 2]) / 2;
    m[at + 15] = 1;
  }

  // Straight lines of some width in pixels.
  class Strokes {
    constructor(count, width, order, below) {
      const geometry = new THREE.InstancedBufferGeometry();
      const corners = new Float32Array([0, -1, 0, 1, -1, 0, 1, 1, 0, 0, 1, 0]);
      geometry.setAttribute("position", new THREE.BufferAttribute(corners, 3));
      geometry.setIndex([0, 1, 2, 0, 2, 3]);
      const attribute = (size) => {
        const made = new THREE.InstancedBufferAttribute(new Float32Array(count * size), size);
        return made.setUsage(THREE.DynamicDrawUsage);
      };
      for (const [name, size] of [["begin", 3], ["end", 3], ["tint", 4]]) {
        geometry.setAttribute(name, attribute(size));
      }
      geometry.instanceCount = 0;
      this.count = 0;
      this.most = count;
      this.uniforms = {
        size: { value: new THREE.Vector2(1, 1) },
        width: { value: width },
        centre: { value: new THREE.Vector3() },
        fade: { value: new THREE.Vector2() },
      };
      this.mesh = new THREE.Mesh(
        geometry,
        new THREE.ShaderMaterial({
          vertexShader: STROKE_VERTEX,
          fragmentShader: STROKE_FRAGMENT,
          uniforms: this.uniforms,
          // What lies on the ground is drawn before the truth and the pose, which are opaque.
          ...(below ? { blending: THREE.CustomBlending } : { transparent: true }),
          depthWrite: false,
          side: THREE.DoubleSide,
        })
      );
      this.width = width;
      this.mesh.frustumCulled = false;
      this.mesh.renderOrder = order;
    }

    clear() {
      this.count = 0;
    }

    add(p, a, q, b, color, alpha) {
      if (!(p[a] === p[a]) || !(q[b] === q[b]) || this.count === this.most) return;
      const { begin, end, tint } = this.mesh.geometry.attributes;
      const i = this.count++;
      for (let d = 0; d < 3; d++) {
        begin.array[3 * i + d] = p[a + d];
        end.array[3 * i + d] = q[b + d];
        tint.array[4 * i + d] = color[d];
      }
      tint.array[4 * i + 3] = alpha;
    }

    done() {
      const { begin, end, tint } = this.mesh.geometry.attributes;
      this.mesh.geometry.instanceCount = this.count;
      begin.needsUpdate = end.needsUpdate = tint.needsUpdate = true;
    }
  }

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
    constructor(canvas, header, body) {
      this.canvas = canvas;
      this.header = header;
      this.body = body;
      this.renderer = new THREE.WebGLRenderer({
        canvas,
        antialias: true,
        alpha: false,
        preserveDrawingBuffer: true, // for print
      });
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
      return (0.5 * this.body.span) / Math.tan((FIELD_OF_VIEW / 2) * RAD) / narrow;
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

  // ---- the scene, where there is no WebGL -----------------------------------------------------

  // The same, flat: drawn without perspective, from what is far to what is near.
  class Flat {
    constructor(canvas, header, body) {
      this.canvas = canvas;
      this.header = header;
      this.body = body;
      this.pen = canvas.getContext("2d");
      this.aim = { x: body.middle[0], y: body.middle[1], z: body.middle[2] };
      this.azimuth = HOME[0];
      this.elevation = HOME[1];
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

  // ---- the image beside it --------------------------------------------------------------------

  class Image2D {
    constructor(canvas, header) {
      this.canvas = canvas;
      this.header = header;
      this.pen = canvas.getContext("2d");
      this.bitmap = null;
      this.width = 0;
      const size = header.image_size;
      const box = size
        ? { low: [-0.5, -0.5], high: [size[0] - 0.5, size[1] - 0.5] }
        : header.image_box || { low: [0, 0], high: [1, 1] };
      const rim = size ? 0 : 0.1 * Math.max(box.high[0] - box.low[0], box.high[1] - box.low[1], 1);
      this.wide = box.high[0] - box.low[0] + 2 * rim;
      this.tall = box.high[1] - box.low[1] + 2 * rim;
      this.middle = [(box.low[0] + box.high[0]) / 2, (box.low[1] + box.high[1]) / 2];
      this.aim = [NaN, NaN];
      this.to = [0, 0];
      // A closer look is worth something where the animal is small in the image.
      this.reach = header.image_reach || null;
      this.zooms = this.reach !== null && this.reach < 0.6 * Math.max(this.wide, this.tall);
      this.close = false;
    }

    theme(theme) {
      this.colors = theme;
      this.inks = theme.joints.map(css);
      this.papers = { paper: css(theme.paper), wash: css(theme.wash), line: css(theme.line) };
    }

    resize(width, height, ratio) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      Object.assign(this, { width, height, ratio });
    }

    // Where the image lies in the canvas: whole, or what is around the animal.
    lay(now, past) {
      const near = this.close && this.zooms;
      const [wide, tall] = near ? [1.15 * this.reach, 1.15 * this.reach] : [this.wide, this.tall];
      this.scale = Math.min(this.width / wide, this.height / tall);
      const known = near && now.image && middle2(now.image, this.to);
      if (!near || !known) {
        if (!near || !(this.aim[0] === this.aim[0])) this.to = [...this.middle];
        else this.to = [...this.aim];
      }
      const far = Math.hypot(this.to[0] - this.aim[0], this.to[1] - this.aim[1]);
      const part = past > 0 && far < this.reach ? 1 - Math.exp(-past / 0.2) : 1;
      for (let d = 0; d < 2; d++) {
        const from = this.aim[d] === this.aim[d] ? this.aim[d] : this.to[d];
        this.aim[d] = from + part * (this.to[d] - from);
      }
      this.x = this.width / 2 - this.scale * this.aim[0];
      this.y = this.height / 2 - this.scale * this.aim[1];
    }

    draw(now, past) {
      if (!this.width) return;
      const { pen, header } = this;
      this.lay(now, past);
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      pen.fillStyle = this.papers.wash;
      pen.fillRect(0, 0, this.width, this.height);
      if (header.image_size) this.frame();
      pen.lineCap = "round";
      const thick = Math.max(1.6, Math.min(3, this.width / 150));
      if (now.reprojected) this.body(now.reprojected, 0.4, thick * 0.6, false);
      if (now.image) this.body(now.image, 1, thick, true);
      pen.globalAlpha = 1;
    }

    frame() {
      const { pen, scale } = this;
      const [wide, tall] = this.header.image_size;
      const [x, y] = [this.x - 0.5 * scale, this.y - 0.5 * scale];
      pen.fillStyle = this.papers.paper;
      pen.fillRect(x, y, wide * scale, tall * scale);
      if (this.bitmap) pen.drawImage(this.bitmap, x, y, wide * scale, tall * scale);
      pen.strokeStyle = this.papers.line;
      pen.lineWidth = 1;
      pen.strokeRect(x, y, wide * scale, tall * scale);
    }

    body(points, alpha, thick, dots) {
      const { pen, header, scale, x, y } = this;
      pen.globalAlpha = alpha;
      pen.lineWidth = thick;
      for (let b = 0; b < header.bones.length; b++) {
        const p = 2 * header.bones[b][0];
        const q = 2 * header.bones[b][1];
        if (!(points[p] === points[p]) || !(points[q] === points[q])) continue;
        pen.strokeStyle = this.inks[header.bones[b][0]];
        pen.beginPath();
        pen.moveTo(x + scale * points[p], y + scale * points[p + 1]);
        pen.lineTo(x + scale * points[q], y + scale * points[q + 1]);
        pen.stroke();
      }
      if (!dots && header.bones.length) return;
      const { paper } = this.papers;
      for (let j = 0; j < header.joints.length; j++) {
        if (!(points[2 * j] === points[2 * j])) continue;
        const left = header.left[j];
        pen.beginPath();
        pen.arc(x + scale * points[2 * j], y + scale * points[2 * j + 1], thick * 1.25, 0, 7);
        pen.fillStyle = left ? paper : this.inks[j];
        pen.fill();
        if (!left) continue;
        pen.strokeStyle = this.inks[j];
        pen.lineWidth = thick * 0.7;
        pen.stroke();
      }
    }
  }

  // Middle of the box around the keypoints; false where there are none.
  function middle2(points, out) {
    for (let d = 0; d < 2; d++) {
      let low = Infinity;
      let high = -Infinity;
      for (let i = d; i < points.length; i += 2) {
        if (points[i] < low) low = points[i];
        if (points[i] > high) high = points[i];
      }
      if (low > high) return false;
      out[d] = (low + high) / 2;
    }
    return true;
  }

  // ---- the time line --------------------------------------------------------------------------

  const ROW = 34; // height of one line
  const TOP = 16; // room for marks and names of recordings

  class TimeLine {
    constructor(root, header) {
      this.header = header;
      this.canvas = element("canvas", { "aria-hidden": "true" });
      this.cursor = element("div", { class: "lp-cursor", "aria-hidden": "true" });
      this.labels = element("div", { class: "lp-labels", "aria-hidden": "true" });
      this.slider = element(
        "div",
        {
          class: "lp-time",
          role: "slider",
          tabindex: "0",
          "aria-label": "Time",
          "aria-valuemin": "0",
          "aria-valuemax": String(header.frames - 1),
        },
        this.canvas,
        this.cursor
      );
      this.tall = TOP + Math.max(ROW / 2, header.lines.length * ROW) + 18;
      root.append(this.labels, this.slider);
      this.label();
    }

    label() {
      this.labels.replaceChildren();
      for (const line of this.header.lines) {
        const known = line.high.filter((value) => value !== null);
        const most = known.length ? Math.max(...known) : NaN;
        const unit = line.unit ? ` ${line.unit}` : "";
        this.labels.append(
          element("div", { class: "lp-label" }, line.label, element("span", {}, known.length ? `≤ ${digits(most)}${unit}` : ""))
        );
      }
    }

    resize(width, ratio) {
      this.width = width;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(this.tall * ratio);
      this.canvas.style.height = `${this.tall}px`;
      this.ratio = ratio;
    }

    at(frame) {
      return ((frame + 0.5) / this.header.frames) * this.width;
    }

    frameAt(x) {
      const frame = Math.floor((x / this.width) * this.header.frames);
      return Math.max(0, Math.min(this.header.frames - 1, frame));
    }

    draw(theme) {
      if (!this.width) return;
      const pen = this.canvas.getContext("2d");
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      pen.clearRect(0, 0, this.width, this.tall);
      const bottom = this.tall - 18;
      pen.fillStyle = css(theme.wash);
      pen.fillRect(0, TOP, this.width, bottom - TOP);
      const inks = { error: theme.warn, spread: theme.accent, novelty: theme.muted };
      this.header.lines.forEach((line, i) => {
        this.band(pen, line, TOP + i * ROW, css(inks[line.name] || theme.accent), theme);
      });
      this.borders(pen, theme, bottom);
      this.ticks(pen, theme, bottom);
      pen.fillStyle = css(theme.warn);
      for (const { frame } of this.header.marks) {
        const x = this.at(frame);
        pen.beginPath();
        pen.moveTo(x - 4, TOP - 8);
        pen.lineTo(x + 4, TOP - 8);
        pen.lineTo(x, TOP - 1);
        pen.fill();
      }
    }

    band(pen, line, top, ink, theme) {
      const count = line.low.length;
      const most = Math.max(...line.high.filter((value) => value !== null), 1e-30);
      const height = (value) => top + ROW - 2 - (ROW - 6) * (value / most);
      pen.strokeStyle = css(theme.line);
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(0, top + ROW - 0.5);
      pen.lineTo(this.width, top + ROW - 0.5);
      pen.stroke();
      const wide = this.width / count;
      const base = top + ROW - 2;
      pen.fillStyle = pen.strokeStyle = ink;
      pen.lineWidth = 1.2;
      pen.lineJoin = "round";
      for (let begin = 0; begin < count; begin++) {
        if (line.low[begin] === null) continue;
        let end = begin;
        while (end < count && line.low[end] !== null) end++;
        const x = (i) => (i + 0.5) * wide;
        const trace = (values, from, to, way) => {
          for (let i = from; i !== to; i += way) pen.lineTo(x(i), height(values[i]));
        };
        pen.globalAlpha = 0.16;
        pen.beginPath();
        pen.moveTo(x(begin), base);
        trace(line.high, begin, end, 1);
        pen.lineTo(x(end - 1), base);
        pen.fill();
        pen.globalAlpha = 0.9;
        pen.beginPath();
        trace(line.high, begin, end, 1);
        trace(line.low, end - 1, begin - 1, -1);
        pen.closePath();
        pen.fill();
        pen.stroke();
        begin = end;
      }
      pen.globalAlpha = 1;
    }

    borders(pen, theme, bottom) {
      const { recordings, frames } = this.header;
      pen.font = '10px system-ui, "Helvetica Neue", Arial, sans-serif';
      pen.textBaseline = "alphabetic";
      for (const { name, first, frames: count } of recordings) {
        const x = (first / frames) * this.width;
        if (first) {
          pen.fillStyle = css(theme.muted);
          pen.fillRect(x, 2, 1, bottom - 2);
        }
        const room = (count / frames) * this.width - 6;
        if (!name || recordings.length < 2 || room < pen.measureText(name).width) continue;
        pen.fillStyle = css(theme.muted);
        pen.fillText(name, x + 4, 9);
      }
    }

    ticks(pen, theme, bottom) {
      const { frames, fps } = this.header;
      const whole = fps ? frames / fps : frames;
      const step = Math.max(niceLength((whole / this.width) * 110), fps ? 0 : 1);
      pen.fillStyle = css(theme.muted);
      pen.font = '10px system-ui, "Helvetica Neue", Arial, sans-serif';
      for (let i = 0; i * step < whole; i++) {
        const x = ((i * step) / whole) * this.width;
        pen.fillRect(Math.round(x), bottom, 1, 4);
        const text = Number((i * step).toPrecision(6)).toLocaleString("en");
        const words = i ? text : `${text} ${fps ? "s" : "frames"}`;
        const room = pen.measureText(words).width;
        if (x + room < this.width) pen.fillText(words, i ? x - room / 2 : 0, bottom + 14);
      }
    }

    move(frame) {
      this.cursor.style.transform = `translateX(${this.at(frame).toFixed(2)}px)`;
    }
  }

  // ---- the player -----------------------------------------------------------------------------

  const HELP = [
    ["space", "play or pause"],
    ["← →", "a frame back or on; with shift, a second"],
    ["home end", "first or last frame"],
    ["j k", "next or previous marked frame"],
    ["[ ]", "slower or faster"],
    ["t g r s", "truth, ghost, trails, spread"],
    ["i c", "image, close-up"],
    ["1 2 3 0", "from above, from the side, from the front, as at first"],
    ["f l", "follow the animal; loop"],
    ["drag, wheel", "turn, zoom; with two fingers on a touch screen"],
    ["?", "show or hide this"],
  ];

  const NAMES = {
    truth: ["Truth", "t", "the known pose, in grey"],
    ghost: ["Ghost", "g", "the poses just before and after"],
    trails: ["Trails", "r", "where the ends of the limbs were"],
    spread: ["Spread", "s", "the error bars, as ellipsoids"],
    image: ["Image", "i", "the keypoints in the image"],
    close: ["Close-up", "c", "the image around the animal"],
    follow: ["Follow", "f", "keep the animal in the middle"],
    loop: ["Loop", "l", "begin again after the last frame"],
  };

  const VIEW_NAMES = [["top", "Top", "1"], ["side", "Side", "2"], ["front", "Front", "3"]];

  class Player {
    constructor(root, header, source, options) {
      this.root = root;
      this.header = header;
      this.options = options;
      this.data = new Frames(header, source);
      this.listeners = { frame: [] };
      const layer = (name) => header.layers.some((each) => each.name === name);
      // The image is there, too, where it has no keypoints of its own.
      const image = layer("image") || layer("reprojected") || Boolean(options.image);
      this.has = (name) => (name === "image" ? image : layer(name));
      this.playing = false;
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
      this.listen();
      this.toggleAll(options.toggles || {});
      this.dress();
      this.measure();
      this.ready = this.seek(this.time).then(() => this.home());
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
      this.space3 = element("div", { class: "lp-space" }, this.canvas, this.legend(), this.scale, this.tip, this.note);
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
      root.append(this.stageBox, this.timeBox, this.bar(), this.help());
      if (header.frames < 2) this.timeBox.hidden = true;
    }

    legend() {
      const entries = [];
      if (this.header.left.some(Boolean)) {
        entries.push(element("span", {}, element("i", { class: "lp-left" }), "left"));
        entries.push(element("span", {}, element("i", { class: "lp-right" }), "right"));
      }
      if (this.has("truth")) {
        this.truthKey = element("span", {}, element("i", { class: "lp-truth" }), "truth");
        entries.push(this.truthKey);
      }
      if (this.has("spread")) {
        this.spreadKey = element("span", {}, element("i", { class: "lp-ball" }), this.header.bar_label || "spread");
        entries.push(this.spreadKey);
      }
      return element("div", { class: "lp-corner" }, ...entries);
    }

    bar() {
      const button = (attributes, ...children) => element("button", { type: "button", ...attributes }, ...children);
      this.buttons = {};
      this.playButton = button({ class: "lp-play", "aria-label": "Play", title: "Play (space)" }, icon("play"));
      this.playButton.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
      const transport = element("div", { class: "lp-group" });
      const back = button({ "aria-label": "Previous marked frame", title: "Previous marked frame (k)" }, icon("previous"));
      const on = button({ "aria-label": "Next marked frame", title: "Next marked frame (j)" }, icon("next"));
      back.addEventListener("click", () => this.jump(-1));
      on.addEventListener("click", () => this.jump(1));
      transport.append(back, this.playButton, on);
      this.jumps = [back, on];
      this.speeds = element("select", { "aria-label": "Speed", title: "Speed ([ and ])" });
      for (const speed of SPEEDS) this.speeds.append(element("option", { value: speed, selected: speed === 1 ? "" : null }, `${speed}×`));
      this.speeds.addEventListener("change", () => (this.speed = Number(this.speeds.value)));
      transport.append(this.speeds);
      this.readout = element("output", { class: "lp-readout", "aria-live": "off" });
      const toggles = element("div", { class: "lp-group" });
      for (const name of Object.keys(NAMES)) {
        if (!this.offers(name)) continue;
        const [label, key, says] = NAMES[name];
        const made = button({ "aria-pressed": "false", title: `${label}: ${says} (${key})` }, label);
        made.addEventListener("click", () => this.toggle(name));
        this.buttons[name] = made;
        toggles.append(made);
      }
      const views = element("div", { class: "lp-group", role: "group", "aria-label": "View" });
      for (const [name, label, key] of VIEW_NAMES) {
        const made = button({ title: `View: ${label.toLowerCase()} (${key}); as at first (0)` }, label);
        made.addEventListener("click", () => this.view(name));
        views.append(made);
      }
      const help = button({ "aria-pressed": "false", "aria-label": "Keys", title: "Keys (?)" }, "?");
      help.addEventListener("click", () => this.toggle("help"));
      this.buttons.help = help;
      const bar = element("div", { class: "lp-bar" }, transport, this.readout, toggles, views, element("div", { class: "lp-group" }, help));
      if (this.header.frames < 2) transport.hidden = true;
      this.marked();
      return bar;
    }

    marked() {
      for (const each of this.jumps) each.hidden = !this.header.marks.length;
    }

    // Another time line, as of a recording that is still being read through.
    lines(lines, marks) {
      Object.assign(this.header, { lines, marks });
      this.marked();
      this.line.label();
      this.line.draw(this.theme);
    }

    help() {
      const list = element("dl", {});
      for (const [keys, says] of HELP) {
        const each = keys.split(/[ ,]+/).map((key) => element("kbd", {}, key));
        list.append(element("dt", {}, ...each), element("dd", {}, says));
      }
      const note = "Slowed down, motion between two frames is interpolated; paused, it is the frame itself.";
      this.helpBox = element("div", { class: "lp-help", hidden: "" }, list, element("p", {}, note));
      return this.helpBox;
    }

    stage() {
      const body = proportions(this.header);
      this.body = body;
      this.on.follow = body.follows;
      this.space = null;
      if (!this.options.flat) {
        try {
          this.space = new Space(this.canvas, this.header, body);
        } catch (error) {
          // No WebGL: a canvas that was asked for it gives no other context.
          const other = this.canvas.cloneNode();
          this.canvas.replaceWith(other);
          this.canvas = other;
        }
      }
      if (!this.space) this.flatten();
      if (this.space.controls) {
        this.space.controls.enableDamping = !this.calm.matches;
        this.space.controls.addEventListener("change", () => this.wake());
        this.space.controls.addEventListener("start", () => (this.turning = null));
      }
      const unit = this.header.unit ? ` ${this.header.unit}` : "";
      this.scale.textContent = `grid ${digits(body.cell)}${unit}`;
    }

    flatten() {
      this.space = new Flat(this.canvas, this.header, this.body);
      this.space.onchange = () => this.wake();
      this.root.dataset.drawn = "flat";
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
      this.listenToCanvas();
      this.dress();
      this.measure();
      this.redraw();
    }

    listen() {
      this.listenToCanvas();
      const keys = this.options.keyboard === "page" ? document : this.root;
      keys.addEventListener("keydown", (event) => this.key(event));
      this.line.slider.addEventListener("pointerdown", (event) => {
        this.line.slider.setPointerCapture(event.pointerId);
        this.scrub(event);
      });
      this.line.slider.addEventListener("pointermove", (event) => {
        if (event.buttons & 1) this.scrub(event);
      });
      new ResizeObserver(() => this.measure()).observe(this.root);
      const dress = () => this.dress();
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
      new MutationObserver(dress).observe(document.documentElement, { attributeFilter: ["data-theme"] });
      for (const [name, on] of [["beforeprint", true], ["afterprint", false]]) {
        window.addEventListener(name, () => this.print(on));
      }
    }

    listenToCanvas() {
      const { canvas } = this;
      canvas.addEventListener("webglcontextlost", (event) => this.lost(event));
      canvas.addEventListener("pointerdown", () => canvas.focus({ preventScroll: true }));
      // The wheel scrolls the page until one has turned to the player.
      const wheel = (event) => {
        const mine = event.type !== "wheel" || event.ctrlKey || this.options.wheel;
        const on = mine || this.root.contains(document.activeElement);
        if (this.space.controls) this.space.controls.enableZoom = on;
        this.space.wheel = on;
      };
      for (const name of ["wheel", "pointerdown"]) {
        this.space3.addEventListener(name, wheel, { capture: true, passive: true });
      }
      canvas.addEventListener("pointermove", (event) => this.point(event));
      canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
    }

    // Names the joint under the pointer.
    point(event) {
      if (event.buttons) return (this.tip.hidden = true);
      const box = this.canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const joint = this.space.under(x, y, box.width, box.height);
      this.tip.hidden = joint < 0;
      if (joint < 0) return undefined;
      const unit = this.header.unit ? ` ${this.header.unit}` : "";
      const place = [0, 1, 2].map((d) => digits(this.now.pose[3 * joint + d])).join(", ");
      let says = `${this.header.joints[joint].replace(/_/g, " ")}\n${place}${unit}`;
      if (this.has("spread")) {
        const sd = [0, 1, 2].map((d) => this.now.spread[3 * joint + d]);
        if (Number.isFinite(sd[0])) says += `\nspread ${digits(Math.hypot(...sd))}${unit}`;
      }
      if (this.has("truth")) {
        const away = [0, 1, 2].map((d) => this.now.pose[3 * joint + d] - this.now.truth[3 * joint + d]);
        if (Number.isFinite(away[0])) says += `\n${digits(Math.hypot(...away))}${unit} from the truth`;
      }
      this.tip.textContent = says;
      const right = x > box.width - 170;
      this.tip.style.transform = `translate(${right ? x - 14 : x + 14}px, ${Math.min(y + 10, box.height - 70)}px)${right ? " translateX(-100%)" : ""}`;
      return undefined;
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const tag = event.target.tagName;
      if (tag === "SELECT" || tag === "INPUT" || tag === "TEXTAREA") return;
      if (tag === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
      const second = Math.max(1, Math.round(this.header.fps || 10));
      const step = event.shiftKey ? second : 1;
      const last = this.header.frames - 1;
      const deeds = {
        " ": () => (this.playing ? this.pause() : this.play()),
        ArrowLeft: () => this.step(-step),
        ArrowRight: () => this.step(step),
        ArrowDown: () => this.step(-step),
        ArrowUp: () => this.step(step),
        PageUp: () => this.step(10 * second),
        PageDown: () => this.step(-10 * second),
        Home: () => this.seek(0),
        End: () => this.seek(last),
        "[": () => this.pace(-1),
        "]": () => this.pace(1),
        j: () => this.jump(1),
        k: () => this.jump(-1),
        1: () => this.view("top"),
        2: () => this.view("side"),
        3: () => this.view("front"),
        0: () => this.view("home"),
        "?": () => this.toggle("help"),
        Escape: () => this.toggle("help", false),
      };
      for (const name of Object.keys(NAMES)) deeds[NAMES[name][1]] = () => this.toggle(name);
      // Up and down are the page's, but on the time line, where a slider has them.
      if (/^(ArrowUp|ArrowDown|Page)/.test(event.key) && event.target !== this.line.slider) return;
      const deed = deeds[event.key];
      if (!deed) return;
      event.preventDefault();
      deed();
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
      if (this.asked) return;
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
      const whole = { first: 0, frames: this.frames };
      const own = this.header.recordings.find(({ first, frames }) => frame >= first && frame < first + frames) || whole;
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

    readouts(spoken) {
      const { fps, frames, recordings, marks } = this.header;
      const frame = this.shown;
      if (frame < 0) return;
      const time = fps ? `${(frame / fps).toFixed(fps >= 100 ? 3 : 2)} s` : "";
      const whose = recordings.length > 1
        ? recordings.find(({ first, frames: count }) => frame >= first && frame < first + count)
        : null;
      const mark = marks.find((each) => each.frame === frame);
      const own = whose && whose.name ? `${whose.name}, ${(frame - whose.first).toLocaleString("en")}` : "";
      const text = [`frame ${frame.toLocaleString("en")} of ${frames.toLocaleString("en")}`, time, own, mark && !this.playing ? mark.text : ""];
      this.readout.textContent = text.filter(Boolean).join(" · ");
      if (!spoken) return;
      const { slider } = this.line;
      slider.setAttribute("aria-valuenow", String(frame));
      slider.setAttribute("aria-valuetext", [`frame ${frame} of ${frames}`, time, mark ? mark.text : ""].filter(Boolean).join(", "));
    }

    // Another time line, and other frames to jump to.
    lines(lines, marks) {
      this.header = { ...this.header, lines: lines || [], marks: marks || [] };
      this.line.header = this.header;
      this.line.tall = TOP + Math.max(ROW / 2, this.header.lines.length * ROW) + 18;
      this.line.label();
      for (const button of this.markers) button.hidden = !this.header.marks.length;
      this.measure();
    }

    positions(layer) {
      if (layer === "image" || layer === "reprojected") {
        return this.flat && this.on.image && this.now[layer] ? this.now[layer].slice() : null;
      }
      return this.space.positions(layer);
    }
  }

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
      lines: (lines, marks) => player.lines(lines, marks),
      view: (name) => player.view(name),
      positions: (layer) => player.positions(layer),
      lines: (lines, marks) => player.lines(lines, marks),
      on: (name, deed) => player.listenTo(name, deed),
    };
  };
})();
