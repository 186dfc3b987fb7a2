import type { Editor } from '../support/editor';

// The editor's own object: what is evaluated in the page uses it, Node.js doesn't know it.
declare const RED: any;

/** Draws a wire with the mouse, from the first output of a node to the input of another one. */
export async function drawWire(editor: Editor, from: string, to: string): Promise<void> {
  const { page } = editor;
  const { mouse } = page;
  const wires = (): Promise<number> =>
    page.evaluate(
      ([source, target]) => RED.nodes.filterLinks({ source: { id: source }, target: { id: target } }).length as number,
      [from, to],
    );
  // A label that is only now drawn moves the port from under the mouse: then a person tries again.
  for (let tries = 0; tries < 5 && (await wires()) === 0; tries++) {
    await page.evaluate(
      () =>
        new Promise(
          (drawn) => (RED.view.redraw(true, true), requestAnimationFrame(() => requestAnimationFrame(drawn))),
        ),
    );
    const port = (kind: string, id: string) =>
      editor.node(id).locator(`.red-ui-flow-port-${kind} .red-ui-flow-port`).first().boundingBox();
    const [output, input] = [(await port('output', from))!, (await port('input', to))!];
    await mouse.move(output.x + output.width / 2, output.y + output.height / 2, { steps: 2 });
    await mouse.down();
    await mouse.move(input.x + input.width / 2, input.y + input.height / 2, { steps: 5 });
    await mouse.up();
    // What a wire that ends nowhere leaves: a list of nodes to add.
    if ((await wires()) === 0) await page.keyboard.press('Escape');
  }
  if ((await wires()) !== 1) throw new Error('the wire could not be drawn');
}
