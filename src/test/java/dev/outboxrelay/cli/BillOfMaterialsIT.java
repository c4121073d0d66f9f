// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.testing.Distribution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The list of what is in the distribution (CycloneDX), beside what is in it. */
final class BillOfMaterialsIT {
  private static final Path FILE = Path.of("target/bom.json");

  private JsonNode bill;

  @BeforeEach
  void read() throws IOException {
    assumeTrue(
        Files.exists(FILE), "NOT TESTED: " + FILE + ", which is not made where Maven is offline");
    bill = new ObjectMapper().readTree(FILE.toFile());
  }

  private static Set<String> jars() throws IOException {
    try (Stream<Path> files = Files.walk(Distribution.unpacked().home().resolve("lib"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".jar") && !name.equals("outbox-relay.jar"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void components_ofTheBill_areTheLibrariesThatShip() throws IOException {
    Set<String> listed = new TreeSet<>();
    for (JsonNode component : bill.get("components")) {
      String name = component.get("name").asText() + "-" + component.get("version").asText();
      listed.add(name + ".jar");
    }
    assertEquals(jars(), listed);
  }

  @Test
  void components_ofTheBill_allNameALicence() {
    Set<String> without = new TreeSet<>();
    for (JsonNode component : bill.get("components")) {
      if (component.path("licenses").isEmpty()) {
        without.add(component.get("name").asText());
      }
    }
    assertEquals(Set.of(), without);
  }
}
