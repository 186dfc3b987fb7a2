import { init, type EChartsOption } from 'echarts';
import { SPEED, type Growth } from './bench';
import { medianOf, ratioOf, type Result } from './rounds';
import { format } from './format';

const WIDTH = 960;
/** Readable on light and dark pages alike. */
const INK = '#808080';
const COLOURS = ['#00a9ce', '#e07b39', '#7a9b3c', '#9568b0', '#c24d6b', '#b59b2a'];

/**
 * A bar for each contender of each bench: its speed as a part of the fastest one's in the same rounds, the figure beside it.
 * @returns SVG
 */
export function drawRatios(results: readonly Result[]): string {
  const bars = results.filter(hasPeers).flatMap(({ work, rounds }) => {
    const speeds = Object.keys(rounds).map((who) => ({ who, speed: medianOf(rounds, who, SPEED) }));
    const best = Math.max(...speeds.map(({ speed }) => speed));
    return speeds.map(({ who, speed }, index) => ({
      label: `${index === 0 ? `{work|${work}}\n` : ''}${who}`,
      value: speed / best,
      text: `${format(speed)}/s${index === 0 ? '' : ` (product ${format(ratioOf(rounds, speeds[0]!.who, who, SPEED))} ×)`}`,
      isProduct: index === 0,
    }));
  });
  return render(60 + bars.length * 34, {
    title: { text: 'Units of work in a second, longest bar = fastest', textStyle: { color: INK, fontSize: 14 } },
    grid: { left: 440, right: 170, top: 40, bottom: 10 },
    xAxis: { type: 'value', max: 1, show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ label }) => label),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: INK, interval: 0, rich: { work: { fontWeight: 'bold', color: INK, align: 'right' } } },
    },
    series: [
      {
        type: 'bar',
        barWidth: 14,
        data: bars.map(({ value, text, isProduct }) => ({
          value,
          itemStyle: { color: isProduct ? COLOURS[0]! : INK },
          label: { show: true, position: 'right', formatter: () => text, color: INK },
        })),
      },
    ],
  });
}

/**
 * A panel for each figure, a line against the size of the work.
 * @returns SVG
 */
export function drawGrowth({ rounds, work }: Result, { of, figures, sizeOf }: Growth): string {
  const height = 220;
  const top = (index: number): number => 60 + index * (height + 50);
  return render(top(figures.length), {
    title: { text: work, textStyle: { color: INK, fontSize: 14 } },
    grid: figures.map((_, index) => ({ left: 90, right: 40, top: top(index), height: height - 40 })),
    xAxis: figures.map((_, index) => ({
      type: 'value',
      gridIndex: index,
      name: of,
      nameLocation: 'middle',
      nameGap: 26,
      axisLabel: { color: INK, formatter: (value: number) => format(value) },
      nameTextStyle: { color: INK },
      splitLine: { show: false },
    })),
    yAxis: figures.map((figure, index) => ({
      type: 'value',
      gridIndex: index,
      min: 0,
      name: figure,
      nameTextStyle: { color: INK, align: 'left' },
      axisLabel: { color: INK, formatter: (value: number) => format(value) },
      splitLine: { lineStyle: { color: INK, opacity: 0.3 } },
    })),
    series: figures.map((figure, index) => ({
      type: 'line',
      xAxisIndex: index,
      yAxisIndex: index,
      color: COLOURS[index % COLOURS.length]!,
      data: Object.keys(rounds)
        .flatMap((who): [number, number][] => {
          const size = sizeOf(who);
          return size === undefined ? [] : [[size, medianOf(rounds, who, figure)]];
        })
        .sort(([one], [other]) => one - other),
    })),
  });
}

/** A bench of one contender alone compares nothing; nor does one in several sizes. */
function hasPeers({ rounds }: Result): boolean {
  return Object.values(rounds).filter((played) => SPEED in played[0]!).length > 1;
}

function render(height: number, option: EChartsOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({ animation: false, textStyle: { fontFamily: 'sans-serif' }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
