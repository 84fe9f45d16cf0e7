// The verbs of technical English, in the three forms that manuals use: "set", "sets", "setting".

/** Verbs that a description or an instruction may begin with. General English: nothing of any one field. */
const BASE =
  'accept access accumulate activate adapt add adjust align allocate allow analyze analyse annotate append apply arrange ask assert assign ' +
  'associate attach attempt avoid balance begin bind bisect block blend break bring browse build bypass calculate call cancel capture ' +
  'catch cause change check choose clean clear click clone close cluster collapse collect color combine come comment compare compile ' +
  'complete compress compute configure confirm connect consider constrain construct consume contain continue contribute control convert copy ' +
  'correct count cover create customize cut deactivate debug decide declare decode decompose decrease define delete deny deploy ' +
  'derive describe deselect detach detect determine disable discard disconnect display distribute divide do download draw drive drop dump ' +
  'duplicate edit eliminate embed emit enable encode enforce ensure enter erase escape establish estimate evaluate examine exclude execute exit ' +
  'expand expect explain explore export expose extend extract fail fall fetch fill filter find finish fit fix flatten fold follow force ' +
  'forget format free freeze generate get give go group guide handle help hide highlight hold identify ignore implement import improve ' +
  'include increase increment indicate infer inform inherit initialize initialise inject insert inspect install instantiate instruct ' +
  'integrate interpret interrupt introduce invert invoke isolate issue iterate join jump keep know label launch lead learn leave let ' +
  'limit link list listen load locate lock log look lower make manage map mark mask match measure merge migrate minimize minimise ' +
  'mirror mix model modify monitor mount move multiply name navigate normalize notify obtain occur offer omit open optimize optimise ' +
  'order organize output overlap override overwrite pack parse partition pass paste patch pause perform permit pick pin place plot ' +
  'point populate prefer prepare present preserve press prevent print prioritize process produce profile prohibit promote propagate ' +
  'protect prove provide prune publish pull push put query quit quote raise randomize reach read rebuild recalculate receive recognize ' +
  'recommend record recover redirect reduce reference refer refine refresh register reject relax release reload relocate rely remap ' +
  'remove rename render reorder reorganize repair repeat replace report represent reproduce request require reserve reset resize ' +
  'resolve respect restart restore restrict resume retain retrieve return reuse reverse review revert rewrite rotate round route run ' +
  'sample save scale scan schedule search see select send separate serve set share shift shorten show shrink shuffle signal simplify ' +
  'simulate size skip slice smooth snap solve sort specify speed split start stay stop store stretch strip study style submit substitute ' +
  'subtract suggest summarize supply support suppress surround suspend swap switch synchronize synthesize take target tell ' +
  'terminate test tie time tolerate toggle trace track transfer transform translate traverse treat trigger trim truncate try tune ' +
  'turn undo unfold unify uninstall unload unlock unmap unpack unroll unset update upgrade upload use utilize validate vary verify ' +
  'view visit visualize wait wake walk warn wrap write yield zoom';

const BASES = BASE.split(' ');

/** Verbs that are as often nouns or adjectives: alone they prove nothing. */
export const ALSO_NOUNS = new Set(
  (
    'access attempt block break call cause change check clean clear click clone close cluster color comment complete contract control copy ' +
    'correct count cover cut debug design display do drive drop dump export fall fill filter fit fix fold force format free group guide ' +
    'handle help hold import increase index input install issue join jump label launch lead limit link list load lock log look lower ' +
    'map mark mask match measure mirror mix model mount move name offer open order output overlap pack parse partition pass patch pause ' +
    'pick pin place plot point present press process produce profile pull push query quote raise range reach read record reference release ' +
    'repair report request reserve reset return reuse reverse review round route run sample scale scan schedule search separate set ' +
    'share shift show signal size skip slice smooth snap sort speed split start stop store stretch strip study style supply support ' +
    'surround swap switch target test tie time toggle trace track transfer trigger try tune turn update upgrade use view visit wait walk ' +
    'wrap write yield zoom'
  ).split(' '),
);

/** Their last letter is doubled before "ing". */
const DOUBLED = new Set(
  'begin cut drop fit get let log map pin plot put quit run scan set skip snap split step stop strip swap trim unmap unset wrap'.split(
    ' ',
  ),
);

export function thirdPerson(base: string): string {
  if (/(?:s|x|z|ch|sh|o)$/.test(base)) return `${base}es`;
  return /[^aeiou]y$/.test(base) ? `${base.slice(0, -1)}ies` : `${base}s`;
}

export function gerund(base: string): string {
  if (DOUBLED.has(base)) return `${base}${base.at(-1)}ing`;
  if (/ie$/.test(base)) return `${base.slice(0, -2)}ying`;
  return /[^eoy]e$/.test(base) ? `${base.slice(0, -1)}ing` : `${base}ing`;
}

const BY_BASE = new Set(BASES);
const BY_THIRD = new Map(BASES.map((base) => [thirdPerson(base), base]));
const BY_GERUND = new Map(BASES.map((base) => [gerund(base), base]));

export function isBase(word: string): boolean {
  return BY_BASE.has(word.toLowerCase());
}

/** "sets" -> "set"; undefined for a word that is no third person of a known verb. */
export function baseOfThird(word: string): string | undefined {
  return BY_THIRD.get(word.toLowerCase());
}

/** "setting" -> "set". */
export function baseOfGerund(word: string): string | undefined {
  return BY_GERUND.get(word.toLowerCase());
}
