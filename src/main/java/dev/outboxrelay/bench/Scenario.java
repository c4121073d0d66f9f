// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

/** Something that is measured. */
interface Scenario {
  /** What {@code --scenario} calls it. */
  String name();

  /** What is measured, in a line. */
  String title();

  /** Measures. */
  Result run(Stage stage) throws Exception;
}
