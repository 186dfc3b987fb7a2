import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Client } from '../api/client';
import type { OperationName } from '../api/endpoints';
import { closed, invalidInput, isClosed, NrfCloudError } from '../api/errors';
import { rejectOnAbort, type AbortSignalLike } from '../util/abort';
import { clientOf, connectionProblem } from './connection';
import { apiVersionOf, toReport } from './error-report';
import {
  describeSource,
  evaluateInputs,
  isStable,
  sourcesOf,
  withVariables,
  type Config,
  type InputSpec,
} from './inputs';
import type { NodeDefinition } from './node-definition';
import { Output } from './output';
import { InvalidSetting, readSettings, text, type Settings } from './settings';
import type { StatusTexts } from './status';

/** What the definition of a node type says about its configuration. */
type ConfigurationParts<I extends string, S extends object> = Pick<
  NodeDefinition<I, S>,
  'inputs' | 'usesInput' | 'settings' | 'status' | 'operation' | 'output' | 'mayQueue'
>;

/** A deployed node's configuration, read once: its inputs, settings and output, and the connection that it uses. */
export class NodeConfiguration<I extends string, S extends object> {
  /** Stands in errors that are found before the node's handler runs. */
  readonly operation: OperationName;
  readonly statusTexts: StatusTexts;
  readonly output: Output;
  /** Where each input comes from, in words for an error. */
  readonly inputSources: Record<I, string>;
  /** Whether messages may wait before they begin: their inputs are then the same as now. */
  readonly mayQueue: boolean;
  readonly sources: ReturnType<typeof sourcesOf<I>>;
  /** The node's settings, or why they cannot be used. */
  readonly #settings: { values: S } | { problem: NrfCloudError };

  constructor(
    readonly RED: NodeAPI,
    readonly node: Node,
    definition: ConfigurationParts<I, S>,
    private readonly config: Config,
  ) {
    const { status, operation, settings, output = 'payload', mayQueue } = definition;
    this.operation = typeof operation === 'function' ? operation(config) : operation;
    this.statusTexts = typeof status === 'function' ? status(config) : status;
    const texts = this.#textsOf([...Object.keys(settings), 'output']);
    this.#settings = texts instanceof NrfCloudError ? { problem: texts } : this.#settingsOf(settings, texts);
    this.sources = sourcesOf(usedInputs(definition, config), config);
    const names = Object.keys(this.sources) as I[];
    const isShared = (name: I): boolean =>
      this.sources[name].type === 'msg' && definition.inputs[name].isCopied !== true;
    const shared = names.filter(isShared).map((name) => this.sources[name].value);
    const property = texts instanceof NrfCloudError ? output : text(output)(texts['output'], 'output');
    this.output = new Output(RED, property, shared);
    this.mayQueue = mayQueue === true && names.every((name) => isStable(this.sources[name]));
    const described = names.map((name) => [name, describeSource(this.sources[name])]);
    this.inputSources = Object.fromEntries(described) as Record<I, string>;
  }

  /**
   * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when a setting cannot be used, `NRFCLOUD_NOT_CONFIGURED` when it is an
   *   environment variable that is not set
   */
  settings(): S {
    if ('problem' in this.#settings) throw this.#settings.problem;
    return this.#settings.values;
  }

  /** Some properties with the values of variables in their text, or the error that names a variable which is not set. */
  #textsOf(names: readonly string[]): Config | NrfCloudError {
    const { RED, node, config, operation } = this;
    try {
      return Object.fromEntries(
        names.map((name) => {
          const value = config[name];
          return [name, typeof value === 'string' ? withVariables(RED, node, value, name, operation) : value];
        }),
      );
    } catch (error) {
      if (error instanceof NrfCloudError) return error;
      throw error;
    }
  }

  /** The settings do not change as long as the node is there. */
  #settingsOf(table: Settings<S>, texts: Config): { values: S } | { problem: NrfCloudError } {
    try {
      return { values: readSettings(table, texts) };
    } catch (error) {
      if (!(error instanceof InvalidSetting)) throw error;
      return { problem: invalidInput(this.operation, `${error.message}; correct it in the dialog of the node`) };
    }
  }

  /**
   * Evaluates the inputs for one message.
   * @returns a promise only if one of them has to be waited for
   * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`, `NRFCLOUD_NOT_CONFIGURED`, or `NRFCLOUD_CLOSED` when aborted
   */
  evaluate(msg: NodeMessage, signal: AbortSignalLike): Record<I, unknown> | Promise<Record<I, unknown>> {
    const inputs = evaluateInputs(this.RED, this.node, this.sources, msg, this.operation);
    return inputs instanceof Promise ? rejectOnAbort(inputs, signal, closed(this.operation)) : inputs;
  }

  /** The client of the node's connection. @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED` */
  client(): Client {
    return clientOf(this.RED, this.config['connection'], this.operation);
  }

  /** Why the node's connection cannot work, as far as that is known at deploy. */
  connectionProblem(): InvalidSetting | undefined {
    return connectionProblem(this.RED, this.config['connection']);
  }

  /**
   * Makes anything that was thrown the one kind of error that leaves the package.
   * @param resumes whether the message's work continues when a flow that was stopped is started again
   */
  toReport(error: Error, resumes = false): NrfCloudError {
    const { operation } = this;
    const api = apiVersionOf(this.RED, this.config, operation);
    const report = toReport(error, operation, api);
    if (!resumes || !isClosed(report)) return report;
    const { mayHaveSucceeded, cause } = report;
    return toReport(closed(operation, cause.attempts, { mayHaveSucceeded, resumes }), operation, api);
  }
}

function usedInputs<I extends string, S extends object>(
  { inputs, usesInput }: ConfigurationParts<I, S>,
  config: Config,
): Record<I, InputSpec> {
  if (usesInput === undefined) return inputs;
  const names = Object.keys(inputs) as I[];
  return Object.fromEntries(
    names.filter((name) => usesInput(name, config)).map((name) => [name, inputs[name]]),
  ) as Record<I, InputSpec>;
}
