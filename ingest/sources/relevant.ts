// Which folders and files a source passes over without a word: what nobody wrote to be read.

const FOLDERS = new Set(
  'node_modules bower_components vendor third_party __pycache__ venv site-packages dist build target out coverage obj_dir CMakeFiles'.split(
    ' ',
  ),
);

/** Pictures, sound, fonts, archives and what compilers and layout tools write. */
const FILES = new RegExp(
  `\\.(?:${[
    'png|jpe?g|gif|svg|webp|ico|bmp|tiff?|psd|ai|eps|drawio|vsdx',
    'mp[34]|mov|avi|webm|wav|ogg',
    'woff2?|ttf|otf|eot',
    'zip|gz|tgz|bz2|xz|zst|7z|rar|tar|jar|whl',
    'o|a|so|dylib|dll|exe|class|pyc|wasm|node|bin',
    'gds|gds2|oas|oasis|odb|db|sqlite3?|vcd|fst|fsdb|lock|map|min\\.js|min\\.css',
  ].join('|')})$`,
  'i',
);

/** Whether the folder of this name is looked into. */
export function isRelevantFolder(name: string): boolean {
  return !name.startsWith('.') && !FOLDERS.has(name);
}

/** Whether the file of this name may be a document. */
export function isRelevantFile(name: string): boolean {
  return !name.startsWith('.') && !FILES.test(name);
}
