// Takes out of an HTML tree what a reader does not see: hidden text, scripts, navigation.
import type { Element, ElementContent, Root, RootContent } from 'hast';

const DROPPED = new Set(
  'script style noscript template nav footer head iframe object embed svg canvas video audio form button input select textarea dialog'.split(
    ' ',
  ),
);
const LANDMARKS = new Set(['navigation', 'banner', 'contentinfo', 'search', 'complementary']);
/** Deeper than any page that people wrote; the tree's readers recurse. */
const DEEPEST = 200;

/** Removes hidden and decorative nodes from `tree` and returns how many of them were hidden with text inside. */
export function dropUnseen(tree: Root): number {
  let hidden = 0;
  const visit = (parent: Root | Element, depth: number): void => {
    parent.children = (parent.children as (RootContent | ElementContent)[]).filter((node) => {
      if (node.type === 'comment' || node.type === 'doctype') return false;
      if (node.type !== 'element') return true;
      if (isHidden(node)) {
        if (hasText(node)) hidden += 1;
        return false;
      }
      if (depth > DEEPEST || isFurniture(node)) return false;
      visit(node, depth + 1);
      return true;
    }) as ElementContent[];
  };
  visit(tree, 0);
  return hidden;
}

function isFurniture(node: Element): boolean {
  const { role, className } = node.properties;
  if (DROPPED.has(node.tagName) || (typeof role === 'string' && LANDMARKS.has(role))) return true;
  // The mark that documentation generators put beside headings to copy their link.
  return (
    Array.isArray(className) &&
    className.some((name) => /^(?:headerlink|anchor-?link|hash-link)$/.test(String(name)))
  );
}

function isHidden(node: Element): boolean {
  const { hidden, ariaHidden, style } = node.properties;
  if ((hidden !== undefined && hidden !== false) || ariaHidden === 'true') return true;
  return typeof style === 'string' && hidesText(style);
}

/** Whether an inline style makes text that nobody can see. */
function hidesText(style: string): boolean {
  const rules = new Map(
    style
      .toLowerCase()
      .split(';')
      .map((rule): [string, string] => {
        const colon = rule.indexOf(':');
        const value = rule.slice(colon + 1).replace('!important', '');
        return [rule.slice(0, Math.max(colon, 0)).trim(), value.trim()];
      }),
  );
  const rule = (name: string): string => rules.get(name) ?? '';
  const size = /^([\d.]+)(px|pt|em|rem|%)?$/.exec(rule('font-size'));
  const points = Number(size?.[1] ?? '99') * (/em$/.test(size?.[2] ?? '') ? 16 : 1);
  const background = rule('background-color') || rule('background');
  return (
    rule('display') === 'none' ||
    /^(?:hidden|collapse)$/.test(rule('visibility')) ||
    /^0(?:\.0*\d?)?%?$/.test(rule('opacity')) ||
    points <= 1 ||
    (isWhite(rule('color')) && (background === '' || isWhite(background))) ||
    rule('color') === 'transparent' ||
    /^-\d{3,}/.test(rule('text-indent')) ||
    /^-\d{3,}/.test(rule('left')) ||
    /^-\d{3,}/.test(rule('top')) ||
    (/^[01](?:px)?$/.test(rule('height')) && rule('overflow') === 'hidden')
  );
}

function isWhite(color: string): boolean {
  return /^(?:white|#fff|#ffffff|#fefefe|rgba?\(255, ?255, ?255.*\)|hsl\(.*100%\))$/.test(color);
}

function hasText(node: Element): boolean {
  const waiting: ElementContent[] = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.type === 'text' && next.value.trim() !== '') return true;
    if (next.type === 'element') waiting.push(...next.children);
  }
  return false;
}
