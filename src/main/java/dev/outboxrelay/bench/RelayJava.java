// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.ArrayList;
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

  /**
   * What is compared: what ships, Java's defaults, and each of these.
   *
   * @param more options as in {@code JAVA_OPTS}
   */
  static List<RelayJava> compared(List<String> more) {
    List<RelayJava> all = new ArrayList<>(List.of(SHIPPED, DEFAULTS));
    for (String options : more) {
      all.add(new RelayJava(options, List.of(options.strip().split("\\s+"))));
    }
    return List.copyOf(all);
  }
}
