/** Covers the top of the screen in green or red for a moment. A screen reader reads the banner instead. */
const SHOWN_MS = 1500;

export const Flash = {
  __v_skip: true,
  data() {
    return { isGood: true, text: '', number: 0 };
  },
  methods: {
    show(isGood, text) {
      this.isGood = isGood;
      this.text = text;
      this.number += 1;
      const { number } = this;
      setTimeout(() => {
        if (this.number === number) this.text = '';
      }, SHOWN_MS);
    },
  },
  template: `
    <Teleport to="body">
      <div v-if="text" :key="number" :class="['op-flash', isGood ? 'op-flash-good' : 'op-flash-bad']" aria-hidden="true">
        <v-icon :icon="isGood ? 'mdi-check-bold' : 'mdi-close-thick'"></v-icon><span>{{ text }}</span>
      </div>
    </Teleport>`,
};
