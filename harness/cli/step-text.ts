import type { ScenarioStep, Target } from '../model/scenario.js';

/** What a step is about, as its file has it: `agree` for `privacy: agree`. Empty where the act says it all. */
export function stepText(steps: readonly ScenarioStep[], path: string): string {
  const step = stepAt(steps, path.split('.'));
  return step === null ? '' : argument(step);
}

function stepAt(steps: readonly ScenarioStep[], [first, ...rest]: readonly string[]): ScenarioStep | null {
  const step = steps[Number(first?.replace(/^\D+/, '')) - 1] ?? null;
  return step === null || rest.length === 0 ? step : stepAt(inside(step, rest[0] ?? ''), rest);
}

/** The acts inside a block; `e1` is the first of an `else`, as the runner numbers them. */
function inside(step: ScenarioStep, part: string): readonly ScenarioStep[] {
  if ('optional' in step) return step.optional;
  if ('repeat' in step) return step.repeat.steps;
  if ('when' in step) return part.startsWith('e') ? (step.when.else ?? []) : step.when.then;
  return [];
}

function argument(step: ScenarioStep): string {
  if ('permissions' in step)
    return Object.entries(step.permissions)
      .map(([group, answer]) => (group === 'default' ? answer : `${group} ${answer}`))
      .join(', ');
  if ('launch' in step) return step.launch.clean ? 'clean' : '';
  if ('observe' in step) return `${step.observe} s`;
  if ('background' in step) return `${step.background} s`;
  if ('type' in step)
    return `${step.type.secret === true ? '***' : step.type.value.replaceAll(/\$\{(?:persona\.)?(\w+)\}/g, '$1')} → ${name(step.type.into)}`;
  if ('otp' in step) return `→ ${name(step.otp.into)}`;
  if ('expect' in step) return [step.expect.text, step.expect.gone, step.expect.activity].filter((text) => text !== undefined).join(', ');
  if ('when' in step) return step.when.text;
  if ('repeat' in step) return `× ${step.repeat.times}`;
  const [value] = Object.values(step);
  return isTarget(value) ? name(value) : '';
}

function isTarget(value: unknown): value is Target {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

function name(target: Target): string {
  return typeof target === 'string' ? target : (Object.values(target)[0] ?? '');
}
