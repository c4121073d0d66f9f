// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets as files of one directory, and the ways out of it that there must not be. */
final class SecretsDirTest {
  @TempDir Path root;

  private Path inside;
  private SecretsDir secrets;

  @BeforeEach
  void setUp() throws IOException {
    inside = Files.createDirectory(root.resolve("secrets"));
    Files.writeString(root.resolve("password"), "of the database");
    secrets = new SecretsDir(inside);
  }

  private String refusal(String name) {
    String words =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> secrets.read(name, "h"))
                .getMessage());
    assertFalse(words.contains("of the database"), words);
    return words;
  }

  @Test
  void secret_inTheDirectory_isReadAsItIsNow() throws IOException {
    Files.writeString(inside.resolve("shop-hook"), " one \n");
    assertEquals("one", secrets.read("shop-hook", "h"));
    Files.writeString(inside.resolve("shop-hook"), "two");
    assertEquals("two", secrets.read("shop-hook", "h"));
  }

  /** As Kubernetes mounts them. */
  @Test
  void secret_behindALinkInsideTheDirectory_isRead() throws IOException {
    Path version = Files.createDirectory(inside.resolve("..2026"));
    Files.writeString(version.resolve("hook"), "one");
    Files.createSymbolicLink(inside.resolve("..data"), Path.of("..2026"));
    Files.createSymbolicLink(inside.resolve("hook"), Path.of("..data/hook"));
    assertEquals("one", secrets.read("hook", "h"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../password",
        "..",
        ".",
        "",
        "/etc/passwd",
        "a/../../password",
        "..data/hook",
        "a\u0000",
        "a\\..\\b",
        "a b",
        "a.hosts",
        ".hosts"
      })
  void name_thatIsNoNameOfASecret_isRefused(String name) {
    assertTrue(refusal(name).contains("cannot be the name"), name);
  }

  @Test
  void link_thatLeadsOut_isRefused() throws IOException {
    Files.createSymbolicLink(inside.resolve("out"), root.resolve("password"));
    Files.createSymbolicLink(inside.resolve("up"), root);
    assertTrue(refusal("out").contains("cannot be read"));
    assertTrue(refusal("up").contains("cannot be read"));
  }

  @Test
  void secret_thatIsMissingEmptyHugeOrADirectory_isRefusedInWords() throws IOException {
    Files.writeString(inside.resolve("empty"), "\n");
    Files.writeString(inside.resolve("huge"), "x".repeat(SecretsDir.MAX_BYTES + 1));
    Files.createDirectory(inside.resolve("directory"));
    assertEquals("there is no secret 'missing' in the relay's --secrets-dir", refusal("missing"));
    assertEquals("the secret 'empty' is empty", refusal("empty"));
    assertEquals("the secret 'huge' cannot be read", refusal("huge"));
    assertEquals("the secret 'directory' cannot be read", refusal("directory"));
  }

  @Test
  void secret_withItsHosts_isForTheseAlone() throws IOException {
    Files.writeString(inside.resolve("key"), "k");
    Files.writeString(inside.resolve("key.hosts"), "api.example.com\n*.shop.example, 10.0.0.0/8");
    for (String host :
        new String[] {"api.example.com", "API.example.com.", "a.shop.example", "10.1.2.3"}) {
      assertEquals("k", secrets.read("key", host), host);
    }
    for (String host : new String[] {"evil.example", "example.com", "11.0.0.1", "localhost"}) {
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> secrets.read("key", host))
              .getMessage()
              .contains("may not be used for"),
          host);
    }
    Files.writeString(inside.resolve("key.hosts"), "");
    assertTrue(refusal("key").contains("lists no hosts"));
  }

  @Test
  void passwordFile_inTheDirectoryOrLinkedThere_isSeen() throws IOException {
    Path password = root.resolve("password");
    assertFalse(secrets.holds(password));
    Files.createSymbolicLink(inside.resolve("db"), password);
    assertTrue(secrets.holds(password));
    Path own = Files.writeString(inside.resolve("own"), "x");
    Path link = Files.createSymbolicLink(root.resolve("link"), own);
    assertTrue(secrets.holds(link));
  }

  @Test
  void directory_thatIsNone_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new SecretsDir(root.resolve("password")));
  }
}
