// Program sources to a tree.
import type { Parser } from '../parsed-document.js';
import { parseText } from './text.js';
export const parseCode: Parser = parseText;
