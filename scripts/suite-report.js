import { writeFileSync } from 'node:fs';

/** Writes how every test file ended, and how many errors lie outside every test, to a file. */
export class SuiteReport {
  #path;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(modules, errors) {
    const files = modules.map((module) => {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      const passed = states.filter((state) => state === 'passed').length;
      const failed = states.filter((state) => state === 'failed').length;
      const isGood = ['passed', 'skipped'].includes(module.state());
      // A file that fails without a failed test (in a hook, or while it is read) is one failure.
      return { name: module.moduleId, passed, failed: isGood ? failed : Math.max(1, failed) };
    });
    writeFileSync(this.#path, JSON.stringify({ files, errors: errors.length }));
  }
}
