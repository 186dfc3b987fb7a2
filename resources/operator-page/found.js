/** What was detected in a file, in one paragraph; which rows are claimed already, and how that is known. */
const ENCODINGS = { utf8: 'UTF-8', utf16le: 'UTF-16 LE', utf16be: 'UTF-16 BE' };
const DELIMITERS = { ',': 'comma', ';': 'semicolon', '\t': 'tab' };

export const Found = {
  __v_skip: true,
  props: { job: Object, t: Function, count: Function, time: Function },
  computed: {
    facts() {
      const { columns, format, counts } = this.job;
      const nameOf = (column) => format.names[column - 1] || this.t('column', { number: column });
      const listed = columns.ignored.map((column) =>
        typeof column === 'number' ? this.t('column', { number: column }) : column,
      );
      return [
        [this.t('found.rows'), this.count(counts.rows)],
        [this.t('found.token'), columns.token === null ? '–' : nameOf(columns.token)],
        [this.t('found.tags'), columns.tags === null ? '–' : nameOf(columns.tags)],
        [this.t('found.others'), listed.join(', ') || '–'],
        [this.t('found.header'), columns.header === null ? '–' : this.t('found.line', { number: columns.header })],
        [
          this.t('found.delimiter'),
          format.delimiter in DELIMITERS ? this.t(`delimiter.${DELIMITERS[format.delimiter]}`) : '–',
        ],
        [this.t('found.encoding'), ENCODINGS[format.encoding] ?? '–'],
      ];
    },
    listing() {
      const { looked, done, failed, limited } = this.job.listing ?? {};
      if (looked === undefined) return '';
      if (failed) return this.t('listing.failed');
      if (!done) return this.t('listing.running', { count: looked });
      return this.t(limited ? 'listing.limited' : 'listing.done', { count: looked });
    },
  },
  template: `
    <div>
      <p v-if="job.earlierAt" class="op-earlier-file"><v-icon icon="mdi-history" size="18" aria-hidden="true"></v-icon>
        {{ t('earlier.file', { time: time(job.earlierAt, { dateStyle: 'medium', timeStyle: 'short' }) }) }}</p>
      <p class="op-small">{{ listing }}</p>
      <dl class="op-facts"><div v-for="[name, value] in facts" :key="name"><dt>{{ name }}</dt><dd>{{ value }}</dd></div></dl>
    </div>`,
};
