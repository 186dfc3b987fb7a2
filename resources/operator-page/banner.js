/** What became of a question, in large letters: the outcome gives the colour, and an icon says it without colour. */
const ICONS = {
  waiting: 'mdi-timer-sand',
  late: 'mdi-timer-alert-outline',
  claimed: 'mdi-check-circle',
  yours: 'mdi-check-all',
  blocked: 'mdi-lock',
  unblocked: 'mdi-lock-open-variant',
};

export const iconOf = (outcome) => ICONS[outcome] ?? 'mdi-close-octagon';

/**
 * A banner. `outcome` is a word of the list above, or `refused`; `device` an id; `lines` sentences; `advice` what to do;
 * `detail` a node's own English sentence.
 */
export const Banner = {
  __v_skip: true,
  props: { of: String, outcome: String, title: String, device: String, lines: Array, advice: String, detail: String },
  computed: {
    icon() {
      return iconOf(this.outcome);
    },
  },
  template: `
    <div :class="['op-banner', 'op-' + outcome]" :data-of="of">
      <v-icon :icon="icon" size="40" aria-hidden="true"></v-icon>
      <div>
        <p class="op-title">{{ title }}</p>
        <p v-if="device" class="op-id">{{ device }}</p>
        <p v-for="line in lines" :key="line">{{ line }}</p>
        <p v-if="advice" class="op-advice"><v-icon icon="mdi-arrow-right" size="18" aria-hidden="true"></v-icon>{{ advice }}</p>
        <p v-if="detail" class="op-detail" lang="en">{{ detail }}</p>
      </div>
    </div>`,
};
