// The two icons of the Teams app, drawn by formula: a chip that has something to say.
import { PNG } from 'pngjs';

type Rgb = readonly [number, number, number];
/** Whether a point belongs to a shape, in a square of 32 units with the origin at the top left. */
type Shape = (x: number, y: number) => boolean;

const NIGHT: Rgb = [18, 45, 74];
const PAPER: Rgb = [250, 252, 255];
const COPPER: Rgb = [240, 168, 86];
const WHITE: Rgb = [255, 255, 255];

const roundedBox =
  (left: number, top: number, right: number, bottom: number, radius: number): Shape =>
  (x, y) => {
    if (x < left || x > right || y < top || y > bottom) return false;
    const dx = Math.max(left + radius - x, x - (right - radius), 0);
    const dy = Math.max(top + radius - y, y - (bottom - radius), 0);
    return dx * dx + dy * dy <= radius * radius;
  };

const anyOf =
  (...shapes: Shape[]): Shape =>
  (x, y) =>
    shapes.some((shape) => shape(x, y));

/** Pins on four sides, three each; their inner ends lie under the body. */
const pins: Shape = (x, y) => {
  const across = [10, 16, 22].some((at) => Math.abs(y - at) <= 1) && Math.abs(x - 16) <= 14;
  const down = [10, 16, 22].some((at) => Math.abs(x - at) <= 1) && Math.abs(y - 16) <= 14;
  return across || down;
};

const body = roundedBox(6, 6, 26, 26, 4);
const hollow = roundedBox(8, 8, 24, 24, 2.2);

/** A speech bubble with its tail at the lower left. */
const bubble = anyOf(roundedBox(10, 11, 22, 19, 2), (x, y) => x >= 12 && y >= 18.5 && x + y <= 35);

const dots: Shape = (x, y) => [13, 16, 19].some((at) => (x - at) ** 2 + (y - 15) ** 2 <= 0.9 ** 2);

/** Full colour, 192 x 192, opaque to the corners as Teams wants it. */
export function colourIcon(): Buffer {
  return draw(192, (x, y) => {
    // The mark keeps a margin: Teams rounds the corners of the square.
    const u = 16 + (x - 16) * 1.3;
    const v = 16 + (y - 16) * 1.3;
    if (dots(u, v)) return PAPER;
    if (bubble(u, v)) return NIGHT;
    if (body(u, v)) return PAPER;
    return pins(u, v) ? COPPER : NIGHT;
  });
}

/** White on nothing, 32 x 32: Teams colours it itself. */
export function outlineIcon(): Buffer {
  return draw(32, (x, y) => {
    if (bubble(x, y)) return WHITE;
    if (hollow(x, y)) return undefined;
    return body(x, y) || pins(x, y) ? WHITE : undefined;
  });
}

/** Rays per pixel and direction: enough for smooth edges. */
const RAYS = 8;

/** A square PNG of `size` pixels; `colourAt` speaks for points of the 32-unit square, undefined being transparent. */
function draw(size: number, colourAt: (x: number, y: number) => Rgb | undefined): Buffer {
  const png = new PNG({ width: size, height: size });
  for (let at = 0; at < size * size; at += 1) {
    const sum = [0, 0, 0];
    let hits = 0;
    for (let ray = 0; ray < RAYS * RAYS; ray += 1) {
      const x = (at % size) + ((ray % RAYS) + 0.5) / RAYS;
      const y = Math.floor(at / size) + (Math.floor(ray / RAYS) + 0.5) / RAYS;
      const colour = colourAt((x * 32) / size, (y * 32) / size);
      if (colour === undefined) continue;
      hits += 1;
      for (const channel of [0, 1, 2] as const) sum[channel] = (sum[channel] ?? 0) + colour[channel];
    }
    // Colour is the mean of the points hit, alpha their share: an edge stays white instead of turning grey.
    for (const channel of [0, 1, 2] as const) {
      png.data[at * 4 + channel] = hits === 0 ? 255 : Math.round((sum[channel] ?? 0) / hits);
    }
    png.data[at * 4 + 3] = Math.round((hits * 255) / (RAYS * RAYS));
  }
  return PNG.sync.write(png);
}
