/** Panel "Today": devices claimed today, by scan or by file, as a number and by the hour; empty before the first one. */
import { definePanel } from './panel.js';

export default await definePanel({
  name: 'today',
  hasStyle: true,
  data() {
    return { hours: [], hour: 0 };
  },
  computed: {
    total() {
      return this.hours.reduce((sum, claimed) => sum + claimed, 0);
    },
    /** From the hour of the first claim until now. */
    bars() {
      const first = this.hours.findIndex((claimed) => claimed > 0);
      const most = Math.max(...this.hours);
      return this.hours
        .slice(0, this.hour + 1)
        .flatMap((claimed, hour) =>
          hour < first
            ? []
            : [{ claimed, percent: (100 * claimed) / most, time: this.time(new Date().setHours(hour, 0)) }],
        );
    },
  },
  methods: {
    receive({ hours, hour }) {
      Object.assign(this, { hours, hour });
    },
  },
  template: `
    <div :class="['op-panel', { 'op-none': total === 0 }]">
      <div v-if="total > 0" class="op-head"><h2>{{ t('title') }}</h2><span class="op-total" data-count="today">{{ count(total) }}</span></div>
      <ol v-if="total > 0" class="op-hours">
        <li v-for="bar in bars" :key="bar.time">
          <span class="op-hour">{{ bar.time }}</span>
          <span class="op-bar" aria-hidden="true"><span :style="{ width: bar.percent + '%' }"></span></span>
          <span class="op-hour-count">{{ count(bar.claimed) }}</span>
        </li>
      </ol>
    </div>`,
});
