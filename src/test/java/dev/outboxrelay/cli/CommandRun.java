// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/**
 * What a command did.
 *
 * @param exitCode its exit code
 * @param out its standard output
 * @param err its standard error, without the log
 */
record CommandRun(int exitCode, String out, String err) {

  static CommandRun of(Map<String, String> variables, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(args, variables, new PrintWriter(out), new PrintWriter(err));
    return new CommandRun(exitCode, out.toString(), err.toString());
  }
}
