import type { DecodedImage } from './pixels';
import type { Painter } from './painter';

const vertex = `#version 300 es
void main() {
  // One triangle that covers the canvas.
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

// Samples stay integers up to the window, so that 16 bits are not rounded. Integer textures have no filters: enlarged,
// four neighbours are mixed here; reduced, the pixel's whole footprint is averaged (without it ribs would shimmer).
const fragment = `#version 300 es
precision highp float;
precision highp usampler2D;
uniform usampler2D image;
uniform vec2 size;      // of the image, in pixels
uniform vec2 origin;    // image position of the canvas's top left corner
uniform float step_;    // image pixels for each pixel of the canvas
uniform float height;   // of the canvas
uniform vec2 window_;   // center, width
uniform bool inverted;
uniform bool grey;
out vec4 colour;

vec3 texel(ivec2 at) {
  uvec3 raw = texelFetch(image, clamp(at, ivec2(0), ivec2(size) - 1), 0).rgb;
  return vec3(grey ? raw.rrr : raw);
}
vec3 between(vec2 at) {
  vec2 base = floor(at - 0.5);
  vec2 part = at - 0.5 - base;
  ivec2 i = ivec2(base);
  return mix(mix(texel(i), texel(i + ivec2(1, 0)), part.x), mix(texel(i + ivec2(0, 1)), texel(i + ivec2(1, 1)), part.x), part.y);
}
void main() {
  vec2 at = origin + vec2(gl_FragCoord.x, height - gl_FragCoord.y) * step_;
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, size))) { colour = vec4(0.0); return; }
  vec3 value = vec3(0.0);
  if (step_ <= 0.25) value = texel(ivec2(at));
  else if (step_ <= 1.0) value = between(at);
  else {
    int n = clamp(int(ceil(step_)), 2, 6);
    for (int j = 0; j < n; j++) for (int i = 0; i < n; i++)
      value += texel(ivec2(floor(at + ((vec2(float(i), float(j)) + 0.5) / float(n) - 0.5) * step_)));
    value /= float(n * n);
  }
  // DICOM PS3.3 C.11.2.1.2
  vec3 y = window_.y <= 1.0 ? step(vec3(window_.x - 0.5), value) : clamp((value - (window_.x - 0.5)) / (window_.y - 1.0) + 0.5, 0.0, 1.0);
  colour = vec4(inverted ? 1.0 - y : y, 1.0);
}`;

/** Null where WebGL2 is missing or the shaders do not compile. */
export function webglPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: false, powerPreference: 'low-power' });
  if (!gl) return null;
  const program = build(gl);
  if (!program) return null;
  gl.useProgram(program);
  gl.bindVertexArray(gl.createVertexArray());
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const parameter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, parameter, gl.NEAREST);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  const place = (name: string) => gl.getUniformLocation(program, name);
  let image: DecodedImage | null = null;

  return {
    setImage(next) {
      image = next;
      upload(gl, next);
    },
    paint({ placement, window, inverted, pixelRatio }) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (!image) return;
      const step = 1 / (placement.scale * pixelRatio);
      gl.uniform2f(place('size'), image.width, image.height);
      gl.uniform2f(
        place('origin'),
        image.width / 2 - (canvas.width / 2 + placement.x * pixelRatio) * step,
        image.height / 2 - (canvas.height / 2 + placement.y * pixelRatio) * step,
      );
      gl.uniform1f(place('step_'), step);
      gl.uniform1f(place('height'), canvas.height);
      gl.uniform2f(place('window_'), window.center, window.width);
      gl.uniform1i(place('inverted'), inverted ? 1 : 0);
      gl.uniform1i(place('grey'), image.channels === 1 ? 1 : 0);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
    dispose() {
      gl.deleteTexture(texture);
      gl.deleteProgram(program);
    },
  };
}

/** Larger images than the device's textures go to the canvas painter. */
export function fitsTexture(canvas: HTMLCanvasElement, image: DecodedImage): boolean {
  const gl = canvas.getContext('webgl2');
  if (!gl) return false;
  const limit: unknown = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  return typeof limit === 'number' && Math.max(image.width, image.height) <= limit;
}

function upload(gl: WebGL2RenderingContext, { width, height, channels, samples }: DecodedImage): void {
  const wide = samples instanceof Uint16Array;
  const internal = channels === 1 ? (wide ? gl.R16UI : gl.R8UI) : wide ? gl.RGB16UI : gl.RGB8UI;
  const format = channels === 1 ? gl.RED_INTEGER : gl.RGB_INTEGER;
  gl.texImage2D(gl.TEXTURE_2D, 0, internal, width, height, 0, format, wide ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE, samples);
}

function build(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) === true ? program : null;
}
