/* An external delegate of a test: it takes every RELU, as an accelerator's library would take what it can.

Structures are those of TensorFlow Lite's C interface (tensorflow/lite/core/c/common.h), as far as they are used. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RELU = 19 }; /* its place among the builtin operators */

typedef struct { int size; int data[]; } Ints;
typedef struct Context Context;
typedef struct Delegate Delegate;
typedef struct { Ints *inputs, *outputs; } Node;

typedef struct {
  int type;
  void *data;
  Ints *dims;
  struct { float scale; int zero; } params;
  int allocation_type;
  size_t bytes;
  void *allocation;
  const char *name;
  void *delegate;
  int handle;
  char stale, variable;
  struct { int type; void *params; } quantization;
  void *sparsity;
  Ints *signature;
} Tensor;

typedef struct {
  void *(*init)(Context *, const char *, size_t);
  void (*free)(Context *, void *);
  int (*prepare)(Context *, Node *);
  int (*invoke)(Context *, Node *);
  const char *(*profiling)(const Context *, const Node *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *external, *async;
  uint64_t inplace;
  void *room[4]; /* for what newer versions add: it is handed over by value */
} Registration;

struct Context {
  size_t tensors_size;
  int (*plan)(Context *, Ints **);
  Tensor *tensors;
  void *own, *resize, *report, *add;
  int (*node)(Context *, int, Node **, Registration **);
  int (*replace)(Context *, Registration, const Ints *, Delegate *);
};

struct Delegate {
  void *data;
  int (*prepare)(Context *, Delegate *);
  void *from, *to, *release;
  int64_t flags;
  void *builder;
};

static int ready(Context *context, Node *node) { return 0; }

static int relu(Context *context, Node *node) {
  Tensor *x = &context->tensors[node->inputs->data[0]], *y = &context->tensors[node->outputs->data[0]];
  for (size_t i = 0; i < y->bytes / sizeof(float); i++) {
    float value = ((float *)x->data)[i];
    ((float *)y->data)[i] = value > 0 ? value : 0;
  }
  return 0;
}

static int take(Context *context, Delegate *delegate) {
  Ints *plan;
  if (context->plan(context, &plan)) return 1;
  Ints *mine = malloc(sizeof(Ints) + sizeof(int) * plan->size);
  mine->size = 0;
  for (int i = 0; i < plan->size; i++) {
    Node *node;
    Registration *kind;
    if (context->node(context, plan->data[i], &node, &kind)) return 1;
    if (kind->builtin_code == RELU) mine->data[mine->size++] = plan->data[i];
  }
  Registration own = {.prepare = ready, .invoke = relu, .custom_name = "OfATest", .version = 1};
  int failed = context->replace(context, own, mine, delegate);
  free(mine);
  return failed;
}

/* The option `device=none` stands for hardware that isn't there. */
Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(keys[i], "device") && !strcmp(values[i], "none")) {
      report("no such device");
      return NULL;
    }
  Delegate *delegate = calloc(1, sizeof *delegate);
  delegate->prepare = take;
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
