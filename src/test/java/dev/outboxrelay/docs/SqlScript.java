// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import java.util.ArrayList;
import java.util.List;

/** SQL as people paste it, cut into statements. */
final class SqlScript {
  private SqlScript() {}

  /** The statements, each without the semicolon that ends it. */
  static List<String> statements(String sql) {
    List<String> statements = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    for (String line : sql.lines().toList()) {
      String code = line.replaceFirst("\\s+--.*$", "").replaceFirst("^--.*$", "").stripTrailing();
      if (code.isEmpty() && open.isEmpty()) {
        continue;
      }
      open.append(code).append('\n');
      if (code.endsWith(";") && open.toString().split("\\$\\$", -1).length % 2 == 1) {
        statements.add(open.substring(0, open.lastIndexOf(";")));
        open.setLength(0);
      }
    }
    if (!open.isEmpty()) {
      throw new IllegalArgumentException("no semicolon ends: " + open);
    }
    return statements;
  }
}
