/** What a cell of a header row names. */
export type ColumnName = 'token' | 'tags' | 'other';

const words = (text: string) => new Set(text.split(' '));

/** The name of a token column has one of these… */
const TOKEN = words(
  'token tokens attestation claimtoken claimtokens attesttoken attestationtoken anspruchstoken jeton ficha トークン 令牌',
);
/** …and the name of a tags column one of these… */
const TAGS = words(
  'tag tags label labels group groups gruppe gruppen grupper groupe groupes grupo grupos schlagwort schlagworte schlagwörter ' +
    'etikett etiketten étiquette étiquettes etiqueta etiquetas merkelapp merkelapper タグ 标签',
);
/** …beside words that say which, or that name something else. */
const OTHER = words(
  'claim identity attest device devices provisioning nrf cloud nordic modem the of a to from for claimed id ids uuid uid guid imei ' +
    'imsi iccid eid mac time timestamp date datetime created at serial number no nr sn name names comment comments note notes ' +
    'type model firmware version index row line status ok required optional gerät geräte geräteid seriennummer zeit datum ' +
    'bemerkung kommentar appareil heure dispositivo fecha número enhet enhets dato tid station operator location site ort url',
);
/** Tokens that cannot claim a device. */
const OTHER_TOKEN = words('jwt jwts key keys keygen access api csr bearer auth onboarding refresh session');
/** Longest name of a column that is looked at. */
const MAX_NAME_LENGTH = 100;

/** What a cell names, if it is the name of a column that is known: `Claim token`, `attestationToken`, `device_tags`… */
export function columnName(cell: string): ColumnName | undefined {
  const found = wordsOf(cell);
  if (found.some((word) => OTHER_TOKEN.has(word))) return 'other';
  if (found.length === 0 || !found.every((word) => TOKEN.has(word) || TAGS.has(word) || OTHER.has(word))) {
    return undefined;
  }
  if (found.some((word) => TAGS.has(word))) return 'tags';
  return found.some((word) => TOKEN.has(word)) ? 'token' : 'other';
}

/** Whether a name says tags and nothing else. */
export function isTagsOnly(cell: string): boolean {
  return wordsOf(cell).every((word) => TAGS.has(word));
}

function wordsOf(cell: string): string[] {
  if (cell.length > MAX_NAME_LENGTH) return [];
  const apart = cell
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .normalize('NFC')
    .toLowerCase();
  return apart.split(/[^\p{L}\p{M}]+/u).filter((word) => word !== '');
}
