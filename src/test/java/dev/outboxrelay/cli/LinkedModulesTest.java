// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Dockerfile;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;

/** The modules that the Dockerfile names; that they suffice, LinkedRuntimeIT tries. */
final class LinkedModulesTest {

  @Test
  void modules_thatOurClassesNeed_areAmongTheImages() throws Exception {
    ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    StringWriter output = new StringWriter();
    PrintWriter printer = new PrintWriter(output);
    int code =
        jdeps.run(
            printer,
            printer,
            "--no-recursive",
            "--ignore-missing-deps",
            "--multi-release",
            "17",
            "--print-module-deps",
            "target/classes");
    assertEquals(0, code, output.toString());
    Set<String> missing = new TreeSet<>(List.of(output.toString().strip().split(",")));
    assertTrue(missing.contains("java.sql"), missing.toString());
    Dockerfile.modules().forEach(missing::remove);
    assertEquals(Set.of(), missing);
  }
}
