// Which links may be shown: the ones that lead where they say, to hosts that are allowed.

/** Longer links are cut by chat platforms, and a long query is a way to carry data out. */
const LONGEST = 1_000;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The link in its normal form, or undefined when it may not be shown: only https (http too on the own machine), no user
 * name, no bare IP address but the own machine's, no punycode host unless it is listed by name. With `hosts`, only those
 * and their subdomains; a listed host may be punycode.
 */
export function safeHref(href: string, hosts?: readonly string[]): string | undefined {
  if (href.length > LONGEST || /[\s\\<>"`|^{}]/.test(href) || !/^https?:\/\/[^/]/i.test(href))
    return undefined;
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return undefined;
  }
  if (url.username !== '' || url.password !== '' || authorityOf(href).includes('@')) return undefined;
  const host = url.hostname.replace(/\.$/, '');
  if (LOOPBACK.has(host) && authorityOf(href).toLowerCase().startsWith(host))
    return isListed(host, hosts, true) ? url.href : undefined;
  if (url.protocol !== 'https:') return undefined;
  if (host.startsWith('[') || /^[\d.]+$/.test(host) || !host.includes('.')) {
    // An address, or a name of the own network: the latter only when it is listed.
    return isListed(host, hosts, false) && /[a-z]/.test(host) && !host.startsWith('[') ? url.href : undefined;
  }
  const punycode = /(?:^|\.)xn--/.test(host);
  return isListed(host, hosts, !punycode) ? url.href : undefined;
}

function authorityOf(href: string): string {
  return href.replace(/^https?:\/\//i, '').split(/[/?#]/, 1)[0] ?? '';
}

/** Whether `host` is one of `hosts` or below one; `open` is the answer where there is no list. */
function isListed(host: string, hosts: readonly string[] | undefined, open: boolean): boolean {
  if (hosts === undefined) return open;
  return hosts.some((listed) => host === listed.toLowerCase() || host.endsWith(`.${listed.toLowerCase()}`));
}
