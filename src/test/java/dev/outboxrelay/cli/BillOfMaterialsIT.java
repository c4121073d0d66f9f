// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
import org.junit.jupiter.api.Test;

/** The list of what is in the distribution (CycloneDX), beside what is in it. */
final class BillOfMaterialsIT {
  private static final JsonNode BILL = read();

  private static JsonNode read() {
    try {
      return new ObjectMapper().readTree(Path.of("target/bom.json").toFile());
    } catch (IOException e) {
      throw new AssertionError("target/bom.json: mvn package makes it", e);
    }
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
    for (JsonNode component : BILL.get("components")) {
      String name = component.get("name").asText() + "-" + component.get("version").asText();
      listed.add(name + ".jar");
    }
    assertEquals(jars(), listed);
  }

  @Test
  void components_ofTheBill_allNameALicence() {
    Set<String> without = new TreeSet<>();
    for (JsonNode component : BILL.get("components")) {
      if (component.path("licenses").isEmpty()) {
        without.add(component.get("name").asText());
      }
    }
    assertEquals(Set.of(), without);
  }
}
