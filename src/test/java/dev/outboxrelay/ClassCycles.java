// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Classes of one package that know each other, whatever lies between. A nested class counts with
 * the one around it.
 */
final class ClassCycles {
  private ClassCycles() {}

  /** The classes that are in a cycle, by package; packages without any are left out. */
  static Map<String, Set<String>> of(JavaClasses classes) {
    Map<String, Set<String>> found = new TreeMap<>();
    uses(classes)
        .forEach(
            (name, uses) -> {
              Set<String> inCycles = inCycles(uses);
              if (!inCycles.isEmpty()) {
                found.put(name, inCycles);
              }
            });
    return found;
  }

  /** By package, what each class of it uses of the same package. */
  private static Map<String, Map<String, Set<String>>> uses(JavaClasses classes) {
    Map<String, Map<String, Set<String>>> uses = new HashMap<>();
    for (JavaClass c : classes) {
      Map<String, Set<String>> inPackage =
          uses.computeIfAbsent(c.getPackageName(), name -> new HashMap<>());
      Set<String> used = inPackage.computeIfAbsent(outer(c), name -> new HashSet<>());
      for (Dependency dependency : c.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (target.getPackageName().equals(c.getPackageName()) && !outer(target).equals(outer(c))) {
          used.add(outer(target));
        }
      }
    }
    return uses;
  }

  private static String outer(JavaClass c) {
    JavaClass outer = c;
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer.getSimpleName();
  }

  static Set<String> inCycles(Map<String, Set<String>> uses) {
    Set<String> inCycles = new TreeSet<>();
    for (String name : uses.keySet()) {
      if (reached(name, uses).contains(name)) {
        inCycles.add(name);
      }
    }
    return inCycles;
  }

  private static Set<String> reached(String from, Map<String, Set<String>> uses) {
    Set<String> reached = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(from));
    while (!open.isEmpty()) {
      for (String next : uses.getOrDefault(open.pop(), Set.of())) {
        if (reached.add(next)) {
          open.push(next);
        }
      }
    }
    return reached;
  }
}
