// The Teams app package holds what Teams demands of one, and the same options give the same bytes.
import { strFromU8, unzipSync } from 'fflate';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { type AppPackage, teamsAppPackage } from '../../../adapters/teams/app-package.js';

const options: AppPackage = {
  appId: 'A1111111-2222-3333-4444-555555555555',
  host: 'bot.example.com',
  version: '1.2.3',
};

function opened(over: Partial<AppPackage> = {}) {
  const files = unzipSync(teamsAppPackage({ ...options, ...over }));
  return { files, manifest: JSON.parse(strFromU8(files['manifest.json'] ?? new Uint8Array())) };
}

describe('the zip', () => {
  it('holds manifest and icons at its root, and nothing else', () => {
    expect(Object.keys(opened().files).sort()).toEqual(['color.png', 'manifest.json', 'outline.png']);
  });

  it('is the same for the same options', () => {
    expect(Buffer.from(teamsAppPackage(options)).equals(Buffer.from(teamsAppPackage(options)))).toBe(true);
  });
});

describe('the manifest', () => {
  it('names schema, app and bot', () => {
    const { manifest } = opened();
    expect(manifest).toMatchObject({
      $schema: 'https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json',
      manifestVersion: '1.19',
      version: '1.2.3',
      id: options.appId.toLowerCase(),
      name: { short: 'Chipwright' },
      icons: { color: 'color.png', outline: 'outline.png' },
      validDomains: ['bot.example.com'],
    });
    expect(manifest.bots).toHaveLength(1);
    expect(manifest.bots[0]).toMatchObject({
      botId: options.appId.toLowerCase(),
      scopes: ['personal', 'team', 'groupChat'],
      supportsFiles: false,
    });
  });

  it('stays within the limits of the schema, also with the longest name', () => {
    const { manifest } = opened({ name: 'N'.repeat(30) });
    expect(manifest.name.short.length).toBeLessThanOrEqual(30);
    expect(manifest.name.full.length).toBeLessThanOrEqual(100);
    expect(manifest.description.short.length).toBeLessThanOrEqual(80);
    expect(manifest.description.full.length).toBeLessThanOrEqual(4000);
    expect(manifest.developer.name.length).toBeLessThanOrEqual(32);
    for (const key of ['websiteUrl', 'privacyUrl', 'termsOfUseUrl']) {
      expect(new URL(manifest.developer[key]).protocol).toBe('https:');
    }
    expect(manifest.accentColor).toMatch(/^#[0-9A-F]{6}$/);
    const [list] = manifest.bots[0].commandLists;
    expect(list.scopes).toEqual(manifest.bots[0].scopes);
    expect(list.commands.length).toBeLessThanOrEqual(10);
    for (const { title, description } of list.commands) {
      expect(title.length).toBeLessThanOrEqual(32);
      expect(description.length).toBeLessThanOrEqual(128);
    }
    for (const domain of manifest.validDomains) expect(domain).not.toMatch(/[:/*]/);
  });

  it('has no key the schema does not know', () => {
    const { manifest } = opened();
    expect(Object.keys(manifest).sort()).toEqual(
      [
        '$schema',
        'accentColor',
        'bots',
        'description',
        'developer',
        'icons',
        'id',
        'manifestVersion',
        'name',
        'validDomains',
        'version',
      ].sort(),
    );
  });
});

describe('the icons', () => {
  it('has a colour icon of 192 pixels, opaque to its corners', () => {
    const icon = PNG.sync.read(Buffer.from(opened().files['color.png'] ?? []));
    expect([icon.width, icon.height]).toEqual([192, 192]);
    for (let at = 3; at < icon.data.length; at += 4) expect(icon.data[at]).toBe(255);
    const colours = new Set<number>();
    for (let at = 0; at < icon.data.length; at += 4) colours.add(icon.data.readUInt32BE(at));
    expect(colours.size).toBeGreaterThan(3);
  });

  it('has an outline icon of 32 pixels, white on nothing', () => {
    const icon = PNG.sync.read(Buffer.from(opened().files['outline.png'] ?? []));
    expect([icon.width, icon.height]).toEqual([32, 32]);
    let solid = 0;
    let clear = 0;
    for (let at = 0; at < icon.data.length; at += 4) {
      const alpha = icon.data[at + 3] ?? 0;
      if (alpha > 0) expect([...icon.data.subarray(at, at + 3)]).toEqual([255, 255, 255]);
      if (alpha === 255) solid += 1;
      if (alpha === 0) clear += 1;
    }
    expect(solid).toBeGreaterThan(200);
    expect(clear).toBeGreaterThan(200);
  });
});

describe('what is refused', () => {
  it.each<[string, Partial<AppPackage>]>([
    ['appId', { appId: '' }],
    ['appId', { appId: 'chipwright' }],
    ['host', { host: '' }],
    ['host', { host: 'https://bot.example.com' }],
    ['host', { host: 'bot.example.com/api/messages' }],
    ['host', { host: 'bot.example.com:443' }],
    ['host', { host: '*.example.com' }],
    ['host', { host: 'localhost' }],
    ['host', { host: '10.0.0.1' }],
    ['host', { host: '-bot.example.com' }],
    ['version', { version: '1' }],
    ['version', { version: '1.0.0-beta' }],
    ['name', { name: '  ' }],
    ['name', { name: 'N'.repeat(31) }],
  ])('%s of %o', (field, over) => {
    expect(() => teamsAppPackage({ ...options, ...over })).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(field) }),
    );
  });
});
