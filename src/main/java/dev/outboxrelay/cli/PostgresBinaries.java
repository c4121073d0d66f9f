// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.embedded.EmbeddedServer;

/** The PostgreSQL that commands start for themselves, which the program comes without. */
final class PostgresBinaries {
  private PostgresBinaries() {}

  /**
   * @param command what needs them, as the user wrote it
   * @throws UserError when they are not there, with the ways to get them
   */
  static void require(String command) {
    if (!EmbeddedServer.available()) {
      throw new UserError(
          ExitCode.USAGE,
          command
              + " starts a PostgreSQL of its own, which is not part of this installation: unpack"
              + " outbox-relay-"
              + Version.number()
              + "-demo.tar.gz over the distribution, or run it in a clone with mvn -q compile"
              + " exec:java");
    }
  }
}
