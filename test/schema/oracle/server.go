package main

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metadatavalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// verdict is what a client would learn from creating the object. Unknown fields are no errors of validation: the API
// server drops them, and refuses or warns as the client's fieldValidation asks.
type verdict struct {
	Valid         bool           `json:"valid"`
	Errors        []problem      `json:"errors"`
	UnknownFields []string       `json:"unknownFields"`
	Defaulted     map[string]any `json:"defaulted"`
}

type problem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// server holds the compiled form of each served version, made when first asked for: compiling the CEL rules of one
// HTTPRoute takes longer than validating thousands.
type server struct {
	versions map[schema.GroupVersionKind]*apiextensionsv1.CustomResourceDefinition
	resource map[schema.GroupVersionKind]*resource
}

type resource struct {
	namespaced bool
	hasStatus  bool
	structural *structuralschema.Structural
	openAPI    validation.SchemaValidator
	rules      *cel.Validator
}

func newServer(definitions []*apiextensionsv1.CustomResourceDefinition) *server {
	versions := map[schema.GroupVersionKind]*apiextensionsv1.CustomResourceDefinition{}
	for _, definition := range definitions {
		for _, version := range definition.Spec.Versions {
			if version.Served {
				kind := schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind}
				versions[kind] = definition
			}
		}
	}
	return &server{versions: versions, resource: map[schema.GroupVersionKind]*resource{}}
}

// create runs the steps of the API server's handler for custom resources on a POST, in its order: decode, check the
// metadata, prune, default, drop the status (a subresource of its own), validate.
func (s *server) create(line []byte) verdict {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	if err := json.Unmarshal(line, &object.Object); err != nil {
		return refused(field.Invalid(nil, string(line), err.Error()))
	}
	resource, err := s.resourceOf(object.GroupVersionKind())
	if err != nil {
		return refused(field.Invalid(field.NewPath("kind"), object.GetKind(), err.Error()))
	}
	unknown, decodeError := resource.decode(object)
	if decodeError != nil {
		return refused(decodeError)
	}
	errors := resource.validate(object)
	result := verdict{Valid: len(errors) == 0, Errors: []problem{}, UnknownFields: append([]string{}, unknown...), Defaulted: object.Object}
	for _, one := range errors {
		result.Errors = append(result.Errors, problem{Path: one.Field, Message: one.ErrorBody()})
	}
	return result
}

func refused(reason *field.Error) verdict {
	return verdict{Errors: []problem{{Path: reason.Field, Message: reason.ErrorBody()}}, UnknownFields: []string{}}
}

func (s *server) resourceOf(kind schema.GroupVersionKind) (*resource, error) {
	if known, ok := s.resource[kind]; ok {
		return known, nil
	}
	definition, ok := s.versions[kind]
	if !ok {
		return nil, fmt.Errorf("no CRD serves %s", kind)
	}
	compiled, err := compile(definition, kind.Version)
	if err != nil {
		return nil, err
	}
	s.resource[kind] = compiled
	return compiled, nil
}

func compile(definition *apiextensionsv1.CustomResourceDefinition, version string) (*resource, error) {
	for _, candidate := range definition.Spec.Versions {
		if candidate.Name != version {
			continue
		}
		internal := &apiextensions.JSONSchemaProps{}
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(candidate.Schema.OpenAPIV3Schema, internal, nil); err != nil {
			return nil, err
		}
		structural, err := structuralschema.NewStructural(internal)
		if err != nil {
			return nil, err
		}
		structural = structural.DeepCopy()
		if err := defaulting.PruneDefaults(structural); err != nil {
			return nil, err
		}
		openAPI, _, err := validation.NewSchemaValidator(internal)
		if err != nil {
			return nil, err
		}
		return &resource{
			namespaced: definition.Spec.Scope == apiextensionsv1.NamespaceScoped,
			hasStatus:  candidate.Subresources != nil && candidate.Subresources.Status != nil,
			structural: structural,
			openAPI:    openAPI,
			rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
		}, nil
	}
	return nil, fmt.Errorf("%s has no version %s", definition.Name, version)
}

// decode leaves the object pruned and with its defaults, and returns the paths of what was pruned.
func (r *resource) decode(object *unstructured.Unstructured) ([]string, *field.Error) {
	apiVersion, kind := object.GetAPIVersion(), object.GetKind()
	metadata, found, unknown, err := objectmeta.GetObjectMetaWithOptions(object.Object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, field.Invalid(field.NewPath("metadata"), nil, err.Error())
	}
	unknown = append(unknown, pruning.PruneWithOptions(object.Object, r.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(object.Object, r.structural)
	coerceError, embedded := objectmeta.CoerceWithOptions(nil, object.Object, r.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if coerceError != nil {
		return nil, coerceError
	}
	unknown = append(unknown, embedded...)
	object.SetAPIVersion(apiVersion)
	object.SetKind(kind)
	if found {
		switch {
		case !r.namespaced:
			metadata.Namespace = ""
		case metadata.Namespace == "":
			// What a client fills in from its context.
			metadata.Namespace = "default"
		}
		if err := objectmeta.SetObjectMeta(object.Object, metadata); err != nil {
			return nil, field.Invalid(field.NewPath("metadata"), nil, err.Error())
		}
	}
	defaulting.Default(object.Object, r.structural)
	if r.hasStatus {
		delete(object.Object, "status")
	}
	return unknown, nil
}

// validate has neither an old object nor, therefore, ratcheting: every rule counts.
func (r *resource) validate(object *unstructured.Unstructured) field.ErrorList {
	metadata := field.NewPath("metadata")
	errors := metadatavalidation.ValidateObjectMetaAccessor(object, r.namespaced, metadatavalidation.NameIsDNSSubdomain, metadata)
	errors = append(errors, validation.ValidateCustomResource(nil, object.Object, r.openAPI)...)
	errors = append(errors, objectmeta.Validate(context.Background(), nil, object.Object, r.structural, false)...)
	errors = append(errors, listtype.ValidateListSetsAndMaps(nil, r.structural, object.Object)...)
	if blocksRules(errors) || r.rules == nil {
		return errors
	}
	broken, _ := r.rules.Validate(context.Background(), nil, r.structural, object.Object, nil, celconfig.RuntimeCELCostBudget)
	return append(errors, broken...)
}

// blocksRules says whether the API server would not even evaluate the CEL rules, which rely on types and bounds.
func blocksRules(errors field.ErrorList) bool {
	for _, one := range errors {
		switch one.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}
