// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to measure, and where.
 *
 * @param server null: an embedded one
 * @param scenarios names, none for all
 * @param runs of each, 1 or more
 * @param quick small sizes, which show that everything works and measure nothing
 * @param transports uris of what the scenario transports is to measure besides, each with its
 *     options after a blank
 * @param java options of Java that cold and busy measure besides, each a text as in JAVA_OPTS
 * @param output directory for the report, the plots and the relay's logs
 */
public record BenchOptions(
    @Nullable Server server,
    List<String> scenarios,
    int runs,
    boolean quick,
    List<String> transports,
    List<String> java,
    Path output) {

  /** A PostgreSQL that is there; the user must be allowed to make databases. */
  public record Server(String url, String user, String password) {
    @Override
    public String toString() {
      return "Server[user=" + user + ", password hidden]";
    }
  }

  public BenchOptions {
    if (runs < 1) {
      throw new IllegalArgumentException("runs is " + runs + ", need 1 or more");
    }
  }
}
