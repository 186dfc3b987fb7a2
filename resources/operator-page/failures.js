/** The rows that were not claimed: reasons with their counts, of which one filters, and a page of the table. */
const PAGE_ROWS = 25;

/** `reasons` as the flow counts them, `list` a page of rows as the flow sends it; emits `show` with `{ key, from }`. */
export const Failures = {
  __v_skip: true,
  props: { reasons: Array, list: Object, total: Number, chosen: String, t: Function, count: Function },
  emits: ['show'],
  computed: {
    shown() {
      return this.list ?? { from: 0, total: 0, rows: [], names: [], columns: [] };
    },
    columns() {
      const { names, columns, rows } = this.shown;
      const used = columns.map((column, index) => ({
        index,
        name: names[index] || this.t('column', { number: column + 1 }),
      }));
      return used.filter(({ index }) => rows.some(({ cells }) => cells[index] !== ''));
    },
    last() {
      return this.shown.from + this.shown.rows.length;
    },
  },
  methods: {
    titleOf({ code }) {
      const known = ['INVALID_TOKEN', 'INVALID_TAG', 'BAD_CSV', 'DUPLICATE', 'REFUSED', 'UNKNOWN'].includes(code);
      return this.t(known ? `reason.${code}` : 'reason.UPLOAD');
    },
    choose(key) {
      this.$emit('show', { key: key === this.chosen ? '' : key, from: 0 });
    },
    turn(from) {
      this.$emit('show', { key: this.chosen, from });
    },
    iconOf: ({ again }) => (again ? 'mdi-refresh' : 'mdi-file-edit-outline'),
    hintOf({ again }) {
      return this.t(again ? 'again.can' : 'again.cannot');
    },
    /** A node's own words as a sentence. */
    sentence: (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`,
    pageRows: () => PAGE_ROWS,
  },
  template: `
    <div class="op-failed">
      <h3 class="op-heading" id="op-failures">{{ t('failures', { count: total }) }}</h3>
      <ul class="op-reasons" :aria-label="t('reasons')">
        <li v-for="reason in reasons" :key="reason.key">
          <button type="button" :aria-pressed="reason.key === chosen" @click="choose(reason.key)">
            <strong>{{ count(reason.count) }}</strong>
            <span>{{ titleOf(reason) }} <span v-if="reason.reason" class="op-small" lang="en">{{ sentence(reason.reason) }}</span></span>
            <v-icon :icon="iconOf(reason)" size="18" role="img" :aria-label="hintOf(reason)"></v-icon>
          </button>
        </li>
      </ul>
      <div class="op-scroll" tabindex="0" role="region" aria-labelledby="op-failures">
      <table class="op-failures" role="table" aria-labelledby="op-failures">
        <thead role="rowgroup"><tr role="row">
          <th role="columnheader">{{ t('line') }}</th><th role="columnheader">{{ t('device') }}</th>
          <th v-for="column in columns" :key="column.index" role="columnheader">{{ column.name }}</th>
          <th role="columnheader">{{ t('reason') }}</th>
        </tr></thead>
        <tbody role="rowgroup">
          <tr v-for="row in shown.rows" :key="row.line" role="row">
            <td role="cell" :data-label="t('line')">{{ row.line }}</td>
            <td role="cell" class="op-id" :data-label="t('device')">{{ row.device }}</td>
            <td v-for="column in columns" :key="column.index" role="cell" :data-label="column.name">{{ row.cells[column.index] }}</td>
            <td role="cell" :data-label="t('reason')"><span>{{ titleOf(row) }} <span v-if="row.code === 'DUPLICATE'" class="op-small" lang="en">{{ sentence(row.reason) }}</span></span></td>
          </tr>
        </tbody>
      </table>
      </div>
      <div v-if="shown.total > pageRows()" class="op-pages">
        <v-btn variant="text" icon="mdi-chevron-left" :aria-label="t('earlier')" :disabled="shown.from === 0" @click="turn(shown.from - pageRows())"></v-btn>
        <span class="op-small">{{ t('range', { from: shown.from + 1, to: last, total: shown.total }) }}</span>
        <v-btn variant="text" icon="mdi-chevron-right" :aria-label="t('later')" :disabled="last >= shown.total" @click="turn(last)"></v-btn>
      </div>
    </div>`,
};
