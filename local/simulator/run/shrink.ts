import type { Plan } from './plan';

/** Takes steps out of a plan for as long as it still fails: first halves, then single ones. @returns a plan that fails, none of whose steps can be spared */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let { steps } = plan;
  for (let size = Math.ceil(steps.length / 2); size >= 1; ) {
    let isSmaller = false;
    for (let from = 0; from < steps.length; from += size) {
      const without = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (!(await fails({ ...plan, steps: without }))) continue;
      steps = without;
      isSmaller = true;
      break;
    }
    if (isSmaller) size = Math.min(size, Math.max(1, steps.length));
    else size = size === 1 ? 0 : Math.floor(size / 2);
  }
  return { ...plan, steps };
}
