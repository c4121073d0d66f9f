// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;

/**
 * Options of Java that a relay is started with.
 *
 * @param words what the report calls them
 * @param flags of Java
 */
public record RelayJava(String words, List<String> flags) {
  /** No options: what Java does by itself. */
  static final RelayJava DEFAULTS = new RelayJava("Java's defaults", List.of());

  /** Those that {@code bin/outbox-relay} starts {@code run} with. */
  public static final RelayJava SHIPPED =
      new RelayJava("as shipped", List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
}
